import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../check.mjs';
import bundle from '../guardrail.bundle';

/** Loaded once an isolate, at the first request. */
let loaded;

export default {
  async fetch(request) {
    if (new URL(request.url).pathname === '/stream') {
      loaded ??= loadEngine(bundle);
      const text = request.body.pipeThrough(new TextDecoderStream()).pipeThrough(guardStream(await loaded));
      return new Response(text.pipeThrough(new TextEncoderStream()));
    }
    const report = await check({ loadEngine, guardStream, EdgerailError }, () => bundle).catch((error) => {
      return { failed: String(error) };
    });
    return Response.json(report);
  },
};
