import { startPage } from '../shell/page.js';
import { kept } from '../shell/store.js';
import { sharedState, ShareError } from '../shell/share.js';
import { banner } from '../ui/notice.js';
import { Playground } from './playground.js';
import { initialState, stateFromJson } from './state.js';

/** Under which name the storage keeps the page's state. */
const KEPT = 'playground';

async function start(): Promise<void> {
  const main = startPage();
  const before = stateFromJson(await kept(KEPT));
  const shared = await fromLink();
  const playground = new Playground(main, shared ?? before ?? initialState(), KEPT);
  if (shared && before) offerBack(() => playground.set(before));
  // A link that is pasted into the tab that is open already.
  window.addEventListener('hashchange', () => {
    void fromLink().then((state) => {
      if (!state) return;
      const mine = playground.state;
      playground.set(state);
      offerBack(() => playground.set(mine));
    });
  });
}

/** The state of the link that opened the page. It leaves the address: what is edited from here on is not the link's. */
async function fromLink(): Promise<ReturnType<typeof stateFromJson>> {
  try {
    const value = await sharedState(location.hash);
    if (value === undefined) return undefined;
    history.replaceState(null, '', location.pathname + location.search);
    const state = stateFromJson(value);
    if (!state) throw new ShareError('The link holds nothing that this page knows.');
    return state;
  } catch (error) {
    history.replaceState(null, '', location.pathname + location.search);
    banner('link', 'warn', (error as Error).message);
    return undefined;
  }
}

function offerBack(back: () => void): void {
  const shown = banner('link', 'info', 'This was opened from a link.', {
    label: 'Back to what you had',
    run: () => {
      back();
      shown.close();
    },
  });
}

void start();
