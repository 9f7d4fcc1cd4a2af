import { createRoot } from 'react-dom/client';

/** Runs a snippet and puts into the page what it printed. Components that it exports are shown. */
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
      if (/^[A-Z]/.test(name) || name === 'default') await shown(value);
    }
    pre.textContent = JSON.stringify({ printed });
  } catch (error) {
    pre.textContent = JSON.stringify({ failed: String(error?.stack ?? error) });
  }
}

async function shown(Component) {
  const place = document.body.appendChild(document.createElement('div'));
  createRoot(place).render(<Component />);
  for (let frame = 0; frame < 600 && place.childElementCount === 0; frame += 1) await new Promise(requestAnimationFrame);
  if (place.childElementCount === 0) throw new Error(`${Component.name} shows nothing`);
}
