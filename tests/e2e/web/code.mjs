// What went wrong, as a test sees it.

import { isEdgerailError } from 'edgerail';

import { assert } from './same.mjs';

/** The code of the error that `work` ends in; anything but an error of the package fails the test. */
export async function codeOf(work, what) {
  const { code } = await errorOf(work, what);
  return code;
}

/** The error that `work` ends in. */
export async function errorOf(work, what = String(work)) {
  let value;
  try {
    value = await work();
  } catch (error) {
    assert(isEdgerailError(error), `${what}: throws ${error?.name}: ${error?.message}, which is no error of the package`);
    assert(error instanceof Error && error.message.length > 10, `${what}: ${error.code} says nothing`);
    return error;
  }
  throw new Error(`${what}: gives ${JSON.stringify(value)?.slice(0, 200)} where an error was expected`);
}
