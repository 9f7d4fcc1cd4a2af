/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  // What Wrangler does: scripts are bundled for the condition `workerd`, `.wasm` files become modules beside them.
  await t.run(['node', 'build.js']);
  const workerd = await t.program('workerd');
  const [port] = await t.freePorts(1);
  const command = [workerd, 'serve', 'config.capnp', `--socket-addr=http=127.0.0.1:${port}`, '--control-fd=1'];
  const worker = await t.serve(command, { ready: /"event":"listen"/ });
  const response = await fetch(`http://127.0.0.1:${port}/`);
  t.expect('workerd', await response.text());
  // Two requests at once share the instance's engine.
  const url = `http://127.0.0.1:${port}/stream`;
  const bodies = ['Write to ann@example.com.', 'Any news on TCK-123456?'];
  const answers = await Promise.all(bodies.map((body) => fetch(url, { method: 'POST', body }).then((r) => r.text())));
  if (answers.join(' ') !== 'Write to {EMAIL}. Any news on {Ticket}?') throw new Error(`streams gave ${answers}`);
  await worker.stop();
}
