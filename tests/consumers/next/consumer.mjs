import { rm } from 'node:fs/promises';

const ENV = { NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

/** @param {import('../run.mjs').Tools} t */
export async function run(t) {
  await t.copy('guardrail.bundle', 'public/guardrail.bundle');
  await built(t, '--turbopack', ['node', 'edge']);
  if (!t.deep) return;
  // Its build takes a minute. With it, Next.js 16.4.6 builds no edge routes, whatever is in them.
  await rm(`${t.folder}/app/api/edge`, { recursive: true });
  await built(t, '--webpack', ['node']);
}

async function built(t, bundler, runtimes) {
  await rm(`${t.folder}/.next`, { recursive: true, force: true });
  await t.run([t.bin('next'), 'build', bundler], { env: ENV, limit: 300 });
  const [port] = await t.freePorts(1);
  const command = [t.bin('next'), 'start', '--hostname', '127.0.0.1', '--port', String(port)];
  const server = await t.serve(command, { env: ENV, ready: /Ready in/ });
  const url = `http://127.0.0.1:${port}/`;
  for (const runtime of runtimes) {
    const response = await fetch(`${url}api/${runtime}`);
    t.expect(`next build ${bundler}, ${runtime} runtime`, await response.text());
  }
  await t.page(url);
  await server.stop();
}
