import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../../../check.mjs';

export const runtime = 'edge';

export async function GET(request) {
  const address = new URL('/guardrail.bundle', request.url);
  const report = await check({ loadEngine, guardStream, EdgerailError }, () => fetch(address)).catch((error) => {
    return { failed: String(error) };
  });
  return Response.json(report);
}
