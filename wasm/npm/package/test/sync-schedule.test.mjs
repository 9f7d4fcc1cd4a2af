// When the repository is checked, on a clock of the test: nobody waits, and nothing depends on how quick the machine is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule, backoff, delayAfter, jittered } from '../dist/esm/sync-schedule.js';
import { retryAfter } from '../dist/esm/sync-fetch.js';

const MINUTE = 60_000;
/** Random numbers that every run repeats (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A clock that jumps from timer to timer, and a page that somebody looks at or not. */
class Clock {
  now = 0;
  timers = new Map();
  listeners = new Set();
  next = 0;
  document = {
    visibilityState: 'visible',
    addEventListener: (_, listener) => this.listeners.add(listener),
    removeEventListener: (_, listener) => this.listeners.delete(listener),
  };

  constructor(random = seeded(1)) {
    this.random = random;
  }

  ticks = () => this.now;
  setTimer = (work, delay) => {
    this.timers.set((this.next += 1), { at: this.now + delay, work });
    return this.next;
  };
  clearTimer = (timer) => void this.timers.delete(timer);

  look(isVisible) {
    this.document.visibilityState = isVisible ? 'visible' : 'hidden';
    for (const listener of this.listeners) listener();
  }

  /** Goes on until then. */
  async until(end) {
    for (;;) {
      const [due] = [...this.timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at);
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].work();
      await new Promise((done) => setImmediate(done));
    }
    this.now = end;
  }
}

/** A schedule whose checks come to what `outcome` says. */
function scheduled(clock, outcome = () => ({ failed: false })) {
  const checks = [];
  const schedule = new Schedule(MINUTE, async () => (checks.push(clock.now), outcome(checks.length)), clock);
  return { schedule, checks };
}

test('T-NET-1 polls come every minute, give or take a fifth, and spread', async () => {
  const clock = new Clock();
  const { schedule, checks } = scheduled(clock);
  schedule.start(MINUTE);
  await clock.until(500 * MINUTE);
  const gaps = checks.slice(1).map((time, at) => time - checks[at]);
  assert.ok(checks[0] < MINUTE && gaps.length > 450);
  assert.ok(gaps.every((gap) => gap >= 0.8 * MINUTE && gap < 1.2 * MINUTE));
  assert.ok(Math.min(...gaps) < 0.82 * MINUTE && Math.max(...gaps) > 1.18 * MINUTE);
  schedule.close();
  assert.deepEqual([clock.timers.size, clock.listeners.size], [0, 0]);
});

test('T-NET-1 after an outage those who failed together come back apart', () => {
  const random = seeded(7);
  for (let failures = 1; failures < 40; failures += 1) {
    const most = Math.min(300_000, 1_000 * 2 ** failures);
    const waits = Array.from({ length: 1_000 }, () => backoff(failures, random));
    assert.ok(waits.every((wait) => wait >= 1_000 && wait <= most), `${failures} failures`);
    const early = waits.filter((wait) => wait < (1_000 + most) / 2).length;
    assert.ok(early > 400 && early < 600, `${failures} failures: ${early} of 1000 in the first half`);
  }
});

test('T-NET-1 failures are repeated ever later, refusals are not hurried, and Retry-After is kept', async () => {
  const clock = new Clock();
  const { schedule, checks } = scheduled(clock, () => ({ failed: true }));
  schedule.start(0);
  await clock.until(60 * MINUTE);
  // A storm would be thousands.
  assert.ok(checks.length > 15 && checks.length < 60, `${checks.length} checks in an hour`);
  const random = seeded(3);
  for (let round = 0; round < 200; round += 1) {
    assert.ok(delayAfter({ failed: true, isRefused: true }, 9, MINUTE, random) >= 0.8 * MINUTE);
    const told = delayAfter({ failed: true, retryAfter: 100_000 }, 9, MINUTE, random);
    assert.ok(told >= 100_000 && told <= 152_000);
    assert.ok(delayAfter({ failed: true, isRefused: true, retryAfter: 200_000 }, 1, MINUTE, random) >= 200_000);
  }
  assert.equal(jittered(MINUTE, () => 0.5), MINUTE);
});

test('those who were told the same time to wait do not come in the same second', () => {
  const random = seeded(5);
  for (const isRefused of [false, true]) {
    const waits = Array.from({ length: 1_000 }, () => delayAfter({ failed: true, retryAfter: 120_000, isRefused }, 1, MINUTE, random));
    assert.ok(Math.min(...waits) >= 120_000 && Math.max(...waits) < 182_000);
    const seconds = new Map();
    for (const wait of waits) seconds.set(Math.floor(wait / 1_000), (seconds.get(Math.floor(wait / 1_000)) ?? 0) + 1);
    assert.ok(Math.max(...seconds.values()) < 50, `${Math.max(...seconds.values())} of 1000 in one second`);
  }
});

test('Retry-After is a number of seconds or a date, and never more than an hour', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases = { 7: 7_000, ' 7 ': 7_000, 0: 0, 99_999_999: 3_600_000, 'Thu, 01 Jan 2026 00:01:00 GMT': 60_000, 'Thu, 01 Jan 2020 00:00:00 GMT': 0, 'Thu, 01 Jan 2099 00:00:00 GMT': 3_600_000, soon: undefined, '': undefined };
  for (const [header, expected] of Object.entries(cases)) assert.equal(retryAfter(header, now), expected, header);
  assert.equal(retryAfter(null, now), undefined);
});

test('nobody looks: no check; somebody looks again: one, and then as before', async () => {
  const clock = new Clock();
  const { schedule, checks } = scheduled(clock);
  schedule.start(MINUTE);
  await clock.until(5 * MINUTE);
  const before = checks.length;
  clock.look(false);
  await clock.until(100 * MINUTE);
  assert.equal(checks.length, before);
  clock.look(true);
  clock.look(true);
  await clock.until(100 * MINUTE + 1);
  assert.equal(checks.length, before + 1);
  // A short look away postpones nothing.
  clock.look(false);
  clock.look(true);
  await clock.until(102 * MINUTE);
  assert.ok(checks.length >= before + 2);
  schedule.close();
});

test('one check at a time, and one that was asked for counts', async () => {
  const clock = new Clock();
  let running = 0;
  let most = 0;
  let end;
  const check = async () => {
    most = Math.max(most, (running += 1));
    await new Promise((done) => (end = done));
    running -= 1;
    return { failed: false };
  };
  const schedule = new Schedule(MINUTE, check, clock);
  schedule.start(0);
  await clock.until(10 * MINUTE);
  clock.look(false);
  clock.look(true);
  await clock.until(20 * MINUTE);
  assert.deepEqual([running, most, clock.timers.size], [1, 1, 0]);
  end();
  await new Promise((done) => setImmediate(done));
  assert.equal(clock.timers.size, 1);
  schedule.checked({ failed: false });
  assert.equal(clock.timers.size, 1);
  assert.ok([...clock.timers.values()][0].at >= 20 * MINUTE + 0.8 * MINUTE);
  schedule.close();
  schedule.checked({ failed: true });
  assert.equal(clock.timers.size, 0);
});

test('an interval of 0 is none', async () => {
  const clock = new Clock();
  const schedule = new Schedule(0, () => assert.fail('was checked'), clock);
  schedule.start(0);
  schedule.checked({ failed: true });
  await clock.until(1_000 * MINUTE);
  assert.deepEqual([clock.timers.size, clock.listeners.size], [0, 0]);
});
