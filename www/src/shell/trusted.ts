/** Trusted Types, as far as this page uses them; TypeScript's library does not know them yet. */
interface TrustedTypePolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

let policy: { createScriptURL(url: string): unknown } | undefined;

/**
 * The URL of a script of this site, as workers and the service worker take it. It is the only use of the page's one
 * Trusted Types policy (its name stands in csp.mjs), and refuses what is not of this origin.
 */
export function scriptUrl(url: string | URL): string {
  policy ??= create();
  return policy.createScriptURL(new URL(url, location.href).href) as string;
}

function create(): { createScriptURL(url: string): unknown } {
  const rules = {
    createScriptURL(url: string): string {
      if (new URL(url).origin !== location.origin) throw new TypeError('only scripts of this site');
      return url;
    },
  };
  const factory = (globalThis as { trustedTypes?: TrustedTypePolicyFactory }).trustedTypes;
  return factory ? factory.createPolicy('edgerail-www', rules) : rules;
}
