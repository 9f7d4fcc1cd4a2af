import { readFile } from 'node:fs/promises';
import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../../../check.mjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  const bundle = await readFile('guardrail.bundle');
  const report = await check({ loadEngine, guardStream, EdgerailError }, () => bundle).catch((error) => {
    return { failed: String(error) };
  });
  return Response.json(report);
}
