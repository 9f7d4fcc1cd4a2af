import type { Decision } from 'edgerail';
import { el, fill } from '../ui/dom.js';
import { deferredGroups } from '../words/decision.js';

/** What this engine left to the cloud, and why. */
export function deferredPanel(): { element: HTMLElement; show(decision: Decision): void } {
  const element = el('div', { class: 'tab-panel padded' });
  return {
    element,
    show(decision) {
      const groups = deferredGroups(decision.deferred);
      if (groups.length === 0) {
        fill(
          element,
          el('div', { class: 'empty' }, el('strong', {}, 'Nothing is left to the cloud'), 'This decision is final for what the guardrail holds.'),
        );
        return;
      }
      fill(
        element,
        el(
          'p',
          { class: 'lead' },
          'Deferred means: this engine did not decide it, and ApplyGuardrail still must. A text that passes here may be blocked there.',
        ),
        groups.map((group) =>
          el(
            'section',
            { class: 'deferred' },
            el('h3', {}, group.title),
            el('p', { class: 'muted small' }, group.why),
            el(
              'ul',
              { class: 'chips' },
              group.items.map((item) => el('li', { class: 'chip' }, item)),
            ),
          ),
        ),
      );
    },
  };
}
