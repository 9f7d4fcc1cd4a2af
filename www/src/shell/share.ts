/**
 * State in the fragment of a URL: JSON, deflated, base64url, behind `#v1.`. Browsers do not send the fragment to
 * servers.
 */
const PREFIX = '#v1.';
/** What chats and mail programs still take as one link. */
export const LINK_LIMIT = 32_000;
/** What a fragment may unpack to: more is an attack on the tab, not a shared state. */
const STATE_LIMIT = 8 * 1024 * 1024;

export class ShareError extends Error {
  override readonly name = 'ShareError';
}

/** The address of this page with the state in its fragment. Throws {@link ShareError} if it would be too long. */
export async function shareLink(state: unknown): Promise<string> {
  if (typeof CompressionStream === 'undefined') throw new ShareError('This browser is too old to make links.');
  const json = new TextEncoder().encode(JSON.stringify(state));
  const packed = await pipe(json, new CompressionStream('deflate-raw'));
  const url = new URL(location.href);
  url.hash = PREFIX.slice(1) + toBase64Url(packed);
  if (url.href.length > LINK_LIMIT) {
    throw new ShareError(
      `The link would have ${url.href.length.toLocaleString('en')} characters, more than many programs take. ` +
        'Shorten the text, or send the files instead.',
    );
  }
  return url.href;
}

/** The state in a fragment: `undefined` if there is none. Throws {@link ShareError} if it is damaged. */
export async function sharedState(hash: string): Promise<unknown> {
  if (hash === '' || hash === '#') return undefined;
  // A fragment that names an element, such as the skip link's.
  if (!/^#v\d+\./.test(hash)) return undefined;
  if (!hash.startsWith(PREFIX)) throw new ShareError('The link was made by a newer version of this page. Reload it.');
  try {
    const packed = fromBase64Url(hash.slice(PREFIX.length));
    const json = await pipe(packed, new DecompressionStream('deflate-raw'));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    if (error instanceof ShareError) throw error;
    throw new ShareError('The link is damaged: part of it is missing or changed. Ask for it again.', { cause: error });
  }
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(through).getReader();
  const chunks: BlobPart[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > STATE_LIMIT) throw new ShareError('The link unpacks to more than this page takes.');
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Bytes as base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Reads {@link toBase64Url}. Throws on anything else. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
