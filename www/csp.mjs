/**
 * The content security policy of the site: one source for the `<meta>` of the built pages and for the headers of the
 * servers.
 */

/** The one Trusted Types policy: it names the URLs of the workers and of the service worker. */
export const TRUSTED_TYPES_POLICY = 'edgerail-www';

const DIRECTIVES = [
  ['default-src', "'none'"],
  ['script-src', "'self' 'wasm-unsafe-eval'"],
  ['worker-src', "'self'"],
  // No nonce and no 'unsafe-inline': the editors live in shadow roots, where CodeMirror uses constructed style sheets.
  ['style-src', "'self'"],
  ['img-src', "'self'"],
  // The files of the site itself: modules of WebAssembly, and what the service worker keeps. Nothing else.
  ['connect-src', "'self'"],
  ['manifest-src', "'self'"],
  ['base-uri', "'none'"],
  ['form-action', "'none'"],
  ['require-trusted-types-for', "'script'"],
  ['trusted-types', TRUSTED_TYPES_POLICY],
];

/** The policy of the built site. `frame-ancestors` is for the header only: browsers ignore it in a `<meta>`. */
export function contentSecurityPolicy({ header = false } = {}) {
  const directives = header ? [...DIRECTIVES, ['frame-ancestors', "'none'"]] : DIRECTIVES;
  return directives.map((directive) => directive.join(' ')).join('; ');
}

/** What a server should send with every file. The isolation gives timings a finer clock; nothing depends on it. */
export const HEADERS = {
  'content-security-policy': contentSecurityPolicy({ header: true }),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
