const ENV = { NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.copy('guardrail.bundle', 'public/guardrail.bundle');
  for (const bundler of ['--turbopack', '--webpack']) {
    await t.run([t.bin('next'), 'build', bundler], { env: ENV, limit: 240 });
    const [port] = await t.freePorts(1);
    const command = [t.bin('next'), 'start', '--hostname', '127.0.0.1', '--port', String(port)];
    const server = await t.serve(command, { env: ENV, ready: /Ready in/ });
    const url = `http://127.0.0.1:${port}/`;
    for (const runtime of ['node', 'edge']) {
      const response = await fetch(`${url}api/${runtime}`);
      t.expect(`next build ${bundler}, ${runtime} runtime`, await response.text());
    }
    await t.page(url);
    await server.stop();
  }
}
