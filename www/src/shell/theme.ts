import { segmented } from '../ui/controls.js';

type Theme = 'light' | 'dark' | 'system';

const KEY = 'edgerail:theme';

/** The choice of light, dark, or what the system has. `public/theme.js` applies it before the first paint. */
export function themeSwitch(): HTMLElement {
  const now = document.documentElement.dataset['theme'];
  const control = segmented<Theme>(
    'Theme',
    [
      { value: 'light', label: 'Light' },
      { value: 'system', label: 'Auto', title: 'As the system has it' },
      { value: 'dark', label: 'Dark' },
    ],
    now === 'light' || now === 'dark' ? now : 'system',
    apply,
  );
  control.element.classList.add('theme-switch');
  return control.element;
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Denied storage: the choice lasts as long as the page.
  }
}
