/** What went wrong, for people. Other errors keep their own message, which says it well enough. */
const WORDS: Record<string, string> = {
  bundle_damaged: 'This bundle is cut short or damaged. Download or compile it again.',
  bundle_abi: 'This bundle was compiled for another version of the engine. Compile it again with this version.',
  bundle_too_large: 'This bundle is larger than the engine takes.',
  bundle_audience: 'This bundle is for another audience.',
  bundle_self_test: 'This bundle decides its own samples differently from when it was compiled. Do not use it.',
  wasm_unavailable: 'This browser has no WebAssembly, or it is switched off. The guardrail cannot run here.',
  wasm_blocked:
    'This page’s content security policy blocks WebAssembly. Whoever serves the page has to add ‘wasm-unsafe-eval’ to its script-src.',
  wasm_fetch: 'The engine could not be fetched. Check the connection and reload.',
  wasm_invalid: 'What was served as the engine is not ours. Reload; if that does not help, the site is set up wrongly.',
  worker_failed: 'The worker could not be started. Check the connection and reload.',
};

/** Codes whose words say all that the message says. */
const COMPLETE = new Set(['wasm_blocked', 'wasm_unavailable']);

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The words for the code, and behind them what the error itself says of the place. */
export function errorWords(error: unknown): string {
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const words = code === undefined ? undefined : WORDS[code];
  if (words) return message === '' || COMPLETE.has(code ?? '') ? words : `${words} (${message})`;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?)]$/.test(message) ? '' : '.'}`;
}
