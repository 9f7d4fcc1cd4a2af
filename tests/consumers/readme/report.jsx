import { createRoot } from 'react-dom/client';

/** Runs a snippet and puts into the page what it printed. A component that it exports is shown and typed into. */
export async function report(load) {
  const printed = [];
  const log = console.log;
  console.log = (...values) => {
    log(...values);
    printed.push(values.map(String).join(' '));
  };
  const pre = document.querySelector('#report');
  try {
    for (const [name, value] of Object.entries(await load())) {
      if (/^[A-Z]/.test(name)) await shown(value);
    }
    pre.textContent = JSON.stringify({ printed });
  } catch (error) {
    pre.textContent = JSON.stringify({ failed: String(error?.stack ?? error) });
  }
}

/** A component with a field: what is typed there and submitted reaches its property `send` masked. */
async function shown(Component) {
  const place = document.body.appendChild(document.createElement('div'));
  const sent = new Promise((resolve) => createRoot(place).render(<Component send={resolve} />));
  const field = await found(() => place.querySelector('textarea, input'));
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
  set.call(field, 'Write to ana.perez@example.com');
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await found(() => place.textContent.includes('EMAIL'));
  field.form.requestSubmit();
  const text = await sent;
  if (text !== 'Write to {EMAIL}') throw new Error(`${Component.name} sent ${JSON.stringify(text)}`);
}

/** Waits, without an end of its own: the page has one. */
async function found(look) {
  for (;;) {
    const value = look();
    if (value) return value;
    await new Promise(requestAnimationFrame);
  }
}
