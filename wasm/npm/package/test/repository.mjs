// A TUF repository for tests, signed with keys of node:crypto, and a server that serves it, or something else in its place.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

export const SCOPE = 'aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1';
export const TARGET = `${SCOPE}.browser.bundle`;
export const NEXT = `${SCOPE}.browser.next.bundle`;
const DAY = 86_400;
const ROLES = ['root', 'timestamp', 'snapshot', 'targets'];

/** Canonical JSON as TUF signs it. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string') return `"${value.replace(/[\\"]/g, '\\$&')}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${canonical(name)}:${canonical(value[name])}`).join(',')}}`;
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A key of one of the two kinds that clients know. */
export class Key {
  constructor(kind = 'ed25519') {
    const { publicKey, privateKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.private = privateKey;
    this.kind = kind;
    const raw = () => publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    this.public =
      kind === 'ed25519'
        ? { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw() } }
        : { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: publicKey.export({ format: 'pem', type: 'spki' }) } };
    this.id = sha256(canonical(this.public));
  }

  sign(signed) {
    const algorithm = this.kind === 'ed25519' ? null : 'sha256';
    return { keyid: this.id, sig: sign(algorithm, Buffer.from(canonical(signed)), this.private).toString('hex') };
  }
}

/** The time in the form of metadata, some seconds from now. */
export const at = (seconds, now = Date.now()) => new Date(now + seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');

/** Metadata, signed. */
export function envelope(signed, keys) {
  return Buffer.from(JSON.stringify({ signatures: keys.map((key) => key.sign(signed)), signed }));
}

export class Repository {
  /** Paths (`metadata/…`, `targets/…`) to bytes. */
  files = new Map();
  versions = { root: 0, timestamp: 0, snapshot: 0, targets: 0 };
  targets = new Map();
  expires = { root: 365 * DAY, timestamp: DAY, snapshot: 7 * DAY, targets: 90 * DAY };
  issued = undefined;

  constructor({ kind = 'ed25519', ...expires } = {}) {
    this.keys = Object.fromEntries(ROLES.map((role) => [role, [new Key(kind)]]));
    this.expires = { ...this.expires, ...expires };
    this.rotate();
    this.pinned = this.files.get('metadata/1.root.json');
  }

  /** A new root, signed by the keys before and the present ones. */
  rotate(change = {}) {
    const before = this.keys.root;
    this.keys = { ...this.keys, ...change };
    const keys = Object.fromEntries(Object.values(this.keys).flat().map((key) => [key.id, key.public]));
    const roles = Object.fromEntries(ROLES.map((role) => [role, { keyids: this.keys[role].map((key) => key.id), threshold: this.keys[role].length }]));
    const signers = [...new Set([...before, ...this.keys.root])];
    this.sign('root', { keys, roles, consistent_snapshot: true }, signers);
  }

  /** Sets a target: the bundle, and what is signed about it. */
  set(name, bytes, custom) {
    this.targets.set(name, { bytes, custom: { audience: 'browser', engine_abi: 1, scope: SCOPE, ...custom } });
    this.files.set(`targets/${sha256(bytes)}.${name}`, Buffer.from(bytes));
    return this;
  }

  /** Signs everything anew, from the targets to the timestamp. */
  publish() {
    const targets = {};
    for (const [name, { bytes, custom }] of this.targets) targets[name] = { length: bytes.length, hashes: { sha256: sha256(bytes) }, custom };
    this.sign('targets', { targets });
    this.sign('snapshot', { meta: { 'targets.json': { version: this.versions.targets } } });
    return this.refresh();
  }

  /** A new timestamp for what is published. */
  refresh() {
    const snapshot = this.files.get(`metadata/${this.versions.snapshot}.snapshot.json`);
    const meta = { 'snapshot.json': { version: this.versions.snapshot, length: snapshot.length, hashes: { sha256: sha256(snapshot) } } };
    this.sign('timestamp', { meta, 'x-issued': this.issued ?? at(-60) });
    return this;
  }

  sign(role, members, signers = this.keys[role]) {
    this.versions[role] += 1;
    const signed = { _type: role, spec_version: '1.0.34', version: this.versions[role], expires: at(this.expires[role]), ...members };
    const name = role === 'timestamp' ? 'timestamp.json' : `${this.versions[role]}.${role}.json`;
    this.files.set(`metadata/${name}`, envelope(signed, signers));
  }

  /** A copy that goes its own way, with the same keys. */
  fork() {
    const copy = Object.assign(Object.create(Repository.prototype), this);
    copy.files = new Map(this.files);
    copy.versions = { ...this.versions };
    copy.targets = new Map(this.targets);
    return copy;
  }

  /** The files as `edgerail repository export` writes them. */
  archive() {
    return tar([...this.files].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** A tar archive of regular files; names that are too long for a header stand in an extended one before it. */
export function tar(files) {
  const blocks = [];
  const entry = (name, content, type) => {
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  };
  for (const [name, content] of files) {
    if (name.length > 100) {
      const record = (length) => `${length} path=${name}\n`;
      let length = record(0).length;
      while (record(length).length !== length) length = record(length).length;
      entry('PaxHeaders/long', Buffer.from(record(length)), 'x');
    }
    entry(name, content, '0');
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/**
 * Serves a repository below `/repository/`. `faults` is a list of functions of a path below it and the request, which give an
 * answer of their own (`{ status, headers, body, cut, slow }`) or nothing. `requests` are the paths that were asked for.
 */
export async function serve(repository) {
  const server = { repository, faults: [], requests: [], etags: true };
  const http = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname.replace('/repository/', ''));
    server.requests.push(path);
    const fault = server.faults.map((one) => one(path, request)).find((answer) => answer !== undefined);
    respond(fault ?? ordinary(server, path, request), response);
  });
  // A connection that is closed while a request is on its way would be a fault that no test asked for.
  http.keepAliveTimeout = 600_000;
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  server.url = `http://127.0.0.1:${http.address().port}/repository/`;
  server.stop = () =>
    new Promise((done) => {
      http.close(done);
      http.closeAllConnections();
    });
  return server;
}

function ordinary(server, path, request) {
  const body = server.repository.files.get(path);
  if (!body) return { status: 404, body: 'not found' };
  const etag = `"${sha256(body).slice(0, 16)}"`;
  if (server.etags && request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  return { headers: server.etags ? { etag } : {}, body };
}

function respond({ status = 200, headers = {}, body = '', cut, hang }, response) {
  if (hang) return;
  // Announced, and not kept.
  const length = cut ? { 'content-length': String(body.length) } : {};
  response.writeHead(status, { ...length, ...headers });
  if (cut) response.write(body.subarray(0, cut), () => response.destroy());
  else response.end(body);
}
