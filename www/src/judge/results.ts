import { RemoteError } from '../author/rpc.js';
import { el, fill } from '../ui/dom.js';

/** What failures mean to the person, by code. Others show their own message. */
const WORDS: Readonly<Record<string, string>> = {
  wasm_blocked: 'The page’s security policy forbids WebAssembly, so that nothing can be judged here.',
  wasm_unavailable: 'This browser has no WebAssembly. Use a newer one.',
  wasm_fetch: 'The engine could not be loaded. Check the connection and reload the page.',
  worker_failed:
    'The worker that judges failed and was started afresh. If it happens again with the same data, the data may be too large for this browser.',
  trap: 'The judge stopped with an internal error and was started afresh. Please report what you did.',
};

/** Where results are shown; empty until there are some. */
export interface Results {
  readonly element: HTMLElement;
  show(...children: readonly Node[]): void;
  fail(error: unknown): void;
  /** Nothing to show yet, and why. */
  empty(text: string): void;
  /** Says that what is shown belongs to something that was edited since. */
  stale(): void;
}

export function results(): Results {
  const content = el('div', { class: 'results-content' });
  const old = el('p', { class: 'stale', role: 'status' });
  const element = el('section', { class: 'results', 'aria-label': 'Results' }, old, content);
  const show = (...children: readonly Node[]): void => {
    old.textContent = '';
    element.classList.remove('is-stale');
    fill(content, ...children);
  };
  return {
    element,
    show,
    fail(error) {
      const code = error instanceof RemoteError ? error.code : undefined;
      const message = error instanceof Error ? error.message : String(error);
      const words = (code !== undefined && WORDS[code]) || message;
      show(
        el(
          'p',
          { class: 'judgement judgement-bad', role: 'alert' },
          words,
          code !== undefined && el('code', {}, ` ${code}`),
        ),
      );
    },
    empty: (text) => show(el('p', { class: 'empty' }, text)),
    stale() {
      if (content.childElementCount === 0 || content.querySelector('.empty')) return;
      old.textContent = 'Something was changed since; run it again.';
      element.classList.add('is-stale');
    },
  };
}
