import { shareLink } from '../shell/share.js';
import { button, copy } from '../ui/controls.js';
import { el, uniqueId } from '../ui/dom.js';
import { announce, banner } from '../ui/notice.js';

/** A button that copies a link to the state; the data goes along only if that is asked for. */
export function sharePanel(what: string, state: (withData: boolean) => unknown): HTMLElement {
  const id = uniqueId('share');
  const withData = el('input', { type: 'checkbox', id });
  const share = button('Copy link', () => {
    shareLink(state(withData.checked)).then(
      async (link) => {
        history.replaceState(null, '', link);
        const done = await copy(link);
        announce(done ? 'Link copied' : 'The link is in the address bar');
        share.textContent = done ? 'Copied' : 'In the address bar';
        setTimeout(() => (share.textContent = 'Copy link'), 1600);
      },
      (error: unknown) => banner('share', 'warn', error instanceof Error ? error.message : String(error)),
    );
  });
  return el(
    'div',
    { class: 'share-panel' },
    share,
    el(
      'label',
      { class: 'check', for: id, title: 'The guardrails go into the link anyway. Texts may be private.' },
      withData,
      ` with the ${what}`,
    ),
  );
}
