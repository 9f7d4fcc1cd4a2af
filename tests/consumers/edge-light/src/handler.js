import { EdgerailError, guardStream, loadEngine } from 'edgerail';

import { check } from '../check.mjs';
import bundle from '../guardrail.bundle';

addEventListener('fetch', (event) => {
  event.respondWith(
    check({ loadEngine, guardStream, EdgerailError }, () => bundle).then(
      (report) => Response.json(report),
      (error) => Response.json({ failed: String(error) }),
    ),
  );
});
