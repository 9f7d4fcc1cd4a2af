import { RemoteError, type CallOptions } from '../author/rpc.js';
import { bytes, el, fill } from '../ui/dom.js';
import { button } from '../ui/controls.js';
import { announce } from '../ui/notice.js';
import type { Progress } from './worker.js';

/** A button that runs something long, with its progress and a way to stop it. */
export interface Runner {
  readonly element: HTMLElement;
  run(): void;
}

/** What a run that failed shows. */
export type Failed = (error: unknown) => void;

/** `work` says whether there was anything to do. */
export function runner(label: string, work: (options: CallOptions) => Promise<boolean>, failed: Failed): Runner {
  const meter = el('progress', { max: 1, 'aria-label': 'Progress' });
  const figure = el('span', { class: 'note' });
  const state = el('div', { class: 'run-state', hidden: true });
  let current: AbortController | undefined;
  const stop = button('Stop', () => current?.abort());
  fill(state, meter, figure, stop);
  const start = button(label, () => run(), { class: 'primary' });

  const onProgress = (value: unknown): void => {
    const { done, total } = value as Progress;
    meter.value = total === 0 ? 1 : done / total;
    figure.textContent = `${bytes(done)} of ${bytes(total)}`;
  };
  const run = (): void => {
    current?.abort();
    const own = new AbortController();
    current = own;
    meter.removeAttribute('value');
    figure.textContent = 'Compiling…';
    state.hidden = false;
    work({ signal: own.signal, onProgress })
      .then((done) => done && announce(`${label}: done`))
      .catch((error: unknown) => {
        // A run that another one took the place of says nothing.
        if (current !== own) return;
        if (error instanceof RemoteError && error.code === 'aborted') announce('Stopped');
        else failed(error);
      })
      .finally(() => {
        if (current !== own) return;
        current = undefined;
        state.hidden = true;
      });
  };
  return { element: el('div', { class: 'runner' }, start, state), run };
}
