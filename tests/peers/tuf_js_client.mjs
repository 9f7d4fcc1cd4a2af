// A TUF client in JavaScript, driven by JSON lines: one request a line on standard input, one answer a line.
//
// The working folder decides where `tuf-js` is found: the tests install it outside the repository.

import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const load = createRequire(join(process.cwd(), 'package.json'));
const { Updater } = load('tuf-js');

/** Refreshes, then downloads every name in turn by one client. */
async function serve({ metadataDir, metadataUrl, targetDir, targetUrl, names }) {
  mkdirSync(targetDir, { recursive: true });
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: metadataUrl,
    targetDir,
    targetBaseUrl: targetUrl,
    config: { fetchRetry: { retries: 0 }, fetchTimeout: 10_000 },
  });
  await updater.refresh();
  for (const name of names) {
    const target = await updater.getTargetInfo(name);
    if (!target) {
      throw new Error(`there is no target ${name}`);
    }
    if (!(await updater.findCachedTarget(target))) {
      await updater.downloadTarget(target);
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    await serve(JSON.parse(line));
    answer = { accepted: true };
  } catch (error) {
    answer = { accepted: false, message: `${error?.name}: ${error?.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
