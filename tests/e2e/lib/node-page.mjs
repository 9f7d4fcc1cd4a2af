// A process of Node that calls what it is told to; `lib/surfaces.mjs` is the other side.

let prepared = false;

process.on('message', async ({ module, name, argument, prepare }) => {
  let answer;
  try {
    if (prepare !== undefined && !prepared) {
      // The source of a function of these tests, as browsers get it.
      await new Function(`return (${prepare})()`)();
      prepared = true;
    }
    const exports = await import(new URL(`../web/${module}`, import.meta.url));
    answer = { value: await exports[name](argument) };
  } catch (error) {
    answer = { error: { message: String(error?.message ?? error), code: error?.code, stack: error?.stack } };
  }
  process.send(JSON.stringify(answer));
});
