// A proxy that writes down every request that a browser makes, whoever in it makes it.
import { createServer, request } from 'node:http';

export async function watch() {
  const seen = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url, `http://${incoming.headers.host}`);
    const entry = { method: incoming.method, url: url.href, host: url.host, headers: JSON.stringify(incoming.headers), body: '' };
    seen.push(entry);
    incoming.on('data', (chunk) => (entry.body += chunk));
    // Not over a kept connection: the site's server may be about to close it.
    const onward = request(url, { method: incoming.method, headers: incoming.headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  // Nothing of the site is behind TLS here: whatever asks for a tunnel goes elsewhere, and gets none.
  server.on('connect', (incoming, socket) => {
    seen.push({ method: 'CONNECT', url: incoming.url, host: incoming.url, headers: '', body: '' });
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, seen, close: () => server.close() };
}
