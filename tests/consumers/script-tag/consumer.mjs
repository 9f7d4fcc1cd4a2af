/** The strictest policy that runs WebAssembly. */
const CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  'img-src data:',
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  const headers = { 'content-security-policy': CSP };
  const server = await t.serveFolder('.', { headers });
  await t.page(`${server.url}modules.html`);
  await t.page(`${server.url}global.html`);
  await server.stop();
  // Hosts that do not know the type of WebAssembly files cost only speed.
  const plain = await t.serveFolder('.', { headers, types: { '.wasm': 'application/octet-stream' } });
  await t.page(`${plain.url}modules.html`);
  await plain.stop();
}
