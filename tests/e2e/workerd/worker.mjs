// The corpus, and a published policy, in a worker of workerd.

import * as edgerail from 'edgerail';

import { run } from '../web/corpus.mjs';
import { follow } from './sync.mjs';

export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('POST /corpus with rows and bundles');
    if (new URL(request.url).pathname === '/sync') return Response.json(await follow(await request.json()));
    const { rows, talks, bundles } = await request.json();
    const load = async (number) => Uint8Array.from(atob(bundles[number]), (character) => character.charCodeAt(0));
    try {
      return Response.json(await run({ edgerail, rows, talks, load }));
    } catch (error) {
      return new Response(error?.stack ?? String(error), { status: 500 });
    }
  },
};
