// Beside a page of the README: fills its form in with a text that is blocked, and says what the page printed.

const printed = [];
const log = console.log;
console.log = (...values) => {
  log(...values);
  printed.push(values.map(String).join(' '));
};
const form = document.querySelector('form');
if (form) {
  const field = form.querySelector('textarea, input');
  field.value = 'What does Project Halcyon mean?';
  form.requestSubmit();
  while (!document.querySelector('[aria-invalid="true"]')) await new Promise(requestAnimationFrame);
  if (!document.body.textContent.includes('Sorry, I cannot help with that')) throw new Error('the page shows no message');
}
document.querySelector('#report').textContent = JSON.stringify({ printed });
