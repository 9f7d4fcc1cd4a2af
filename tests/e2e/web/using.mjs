// The `using` syntax, in a module of its own, for not every platform parses it yet.

import { loadEngine } from 'edgerail';

import { codeOf } from './code.mjs';
import { assertEqual } from './same.mjs';

export async function using({ origin }) {
  let left;
  {
    using engine = await loadEngine(`${origin}/corpus/demo.bundle`);
    using stream = engine.stream();
    assertEqual(stream.push('Write to '), 'Write to ', 'inside of the block');
    left = { engine, stream };
  }
  assertEqual(await codeOf(() => left.engine.evaluate('x')), 'freed', 'the engine behind the block');
  assertEqual(await codeOf(() => left.stream.push('x')), 'freed', 'the stream behind the block');
}
