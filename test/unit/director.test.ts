import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import { ReconcileError } from '../../lib/core/reconcile-error.js';
import type { DestinationAddress } from '../../lib/ipvs/reference-types.js';
import type { MadeChanges } from '../../lib/state/changes.js';
import { describeChanges, NO_ADDRESSES, splitDrift } from '../../lib/state/director/changes.js';
import { type Drains, nextDrains, overdueAt } from '../../lib/state/director/drains.js';
import { EventHub } from '../../lib/state/director/events.js';
import { DirectorLoop } from '../../lib/state/director/loop.js';
import { checkDirectorOptions } from '../../lib/state/director/options.js';
import { backOff, DRAIN_POLL, nextDelay } from '../../lib/state/director/schedule.js';
import type { DirectorAccess } from '../../lib/state/director/step.js';
import { wantedOf } from '../../lib/state/director/wanted.js';
import { ReconcileResult } from '../../lib/state/result.js';
import type { DrainingDestination, StateChange } from '../../lib/state/types.js';
import { ruleState } from './helpers/rule-states.js';

const SERVICE = 'tcp://10.96.0.1:80';
const draining = (destination: string): DrainingDestination => ({
  service: SERVICE,
  destination,
  activeConnections: 1,
  inactiveConnections: 0,
});

/** A result of a reconciliation that found these drains, and made these changes. */
function resultOf(
  drains: readonly DrainingDestination[],
  changes: readonly StateChange[] = [],
): ReconcileResult {
  const made = { list: () => changes, keep: () => undefined } as unknown as MadeChanges;
  return new ReconcileResult([made], { services: 0, destinations: 0 }, drains);
}

describe('the schedule', () => {
  test('doubles the pause after each failure, up to the longest one', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 2000].map((failures) => backOff(failures, 30_000));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test.each([
    ['nothing drains', { failures: 0, deadlines: [] }, 30_000],
    ['something drains', { failures: 0, deadlines: [90_000] }, DRAIN_POLL],
    ['a deadline is near', { failures: 0, deadlines: [90_000, 50_250.5] }, 251],
    ['a deadline has passed', { failures: 0, deadlines: [49_000] }, 0],
    ['a change was refused', { failures: 3, deadlines: [] }, 4000],
    ['a change was refused, and something drains', { failures: 3, deadlines: [90_000] }, 4000],
    ['a change was refused, and a deadline is near', { failures: 3, deadlines: [50_500] }, 500],
    ['the deletion at a deadline was refused', { failures: 1, deadlines: [49_000] }, 1000],
  ])('is right when %s', (_, schedule, delay) => {
    expect(nextDelay({ resync: 30_000, ...schedule }, 50_000)).toBe(delay);
  });
});

describe('drains', () => {
  const none: Drains = new Map();

  test('keep the deadline of their first sight', () => {
    const first = nextDrains(none, [draining('10.1.1.1:80')], 1000, 500);
    expect(first.begun.map(({ deadline }) => deadline)).toEqual([1500]);
    const list = [draining('10.1.1.1:80'), draining('10.1.1.2:80')];
    const second = nextDrains(first.drains, list, 1200, 500);
    expect(second.begun.map(({ destination }) => destination)).toEqual(['10.1.1.2:80']);
    expect(second.ended).toEqual([]);
    expect(overdueAt(second.drains, 1499)).toEqual([]);
    expect(overdueAt(second.drains, 1500).map(({ destination }) => destination)).toEqual([
      '10.1.1.1:80',
    ]);
  });

  test('end when they are not listed, and begin anew later', () => {
    const first = nextDrains(none, [draining('10.1.1.1:80')], 1000, 500);
    const second = nextDrains(first.drains, [], 1100, 500);
    expect(second.ended.map(({ destination }) => destination)).toEqual(['10.1.1.1:80']);
    expect(second.drains.size).toBe(0);
    const third = nextDrains(second.drains, [draining('10.1.1.1:80')], 2000, 500);
    expect(third.begun.map(({ deadline }) => deadline)).toEqual([2500]);
  });
});

describe('changes', () => {
  const deletion = { action: 'delete', service: SERVICE } as const;
  const update = {
    action: 'update',
    service: SERVICE,
    destination: '10.1.1.1:80',
    differences: { weight: [3, 0] },
  } as const;

  test('have a line of text each', () => {
    const addresses = { added: ['10.96.0.1/32'], removed: ['10.96.0.2/32'], updated: [] };
    expect(describeChanges([update, deletion], addresses).diff.split('\n')).toEqual([
      `~ ${SERVICE} 10.1.1.1:80 weight 3 → 0`,
      `- ${SERVICE}`,
      '+ address 10.96.0.1/32',
      '- address 10.96.0.2/32',
    ]);
    expect(describeChanges([], NO_ADDRESSES).diff).toBe('');
  });

  test('are drift unless a drain ends with them', () => {
    const ending = {
      objects: new Set([SERVICE, `${SERVICE} 10.1.1.1:80`]),
      addresses: new Set(['10.96.0.1/32']),
    };
    const drained = { ...deletion, destination: '10.1.1.1:80' };
    const foreign = { ...deletion, destination: '10.1.1.2:80' };
    const removed = ['10.96.0.1/32', '10.96.0.2/32'];
    const { expected, drift } = splitDrift(
      [drained, foreign, deletion, update],
      { added: ['10.96.0.3/32'], removed, updated: [] },
      ending,
    );
    expect(expected.changes).toEqual([drained, deletion]);
    expect(expected.addresses).toEqual({ added: [], removed: ['10.96.0.1/32'], updated: [] });
    expect(drift.changes).toEqual([foreign, update]);
    expect(drift.addresses).toEqual({
      added: ['10.96.0.3/32'],
      removed: ['10.96.0.2/32'],
      updated: [],
    });
  });
});

describe('events', () => {
  const event = (attempt: number) =>
    ({ type: 'refused', error: new Error('no'), attempt, retryIn: 1 }) as const;

  test('reach every consumer in order, from its opening on', async () => {
    const hub = new EventHub();
    const first = hub.open(undefined);
    hub.emit(event(1));
    const second = hub.open(undefined);
    hub.emit(event(2));
    expect((await first.next()).value).toMatchObject({ attempt: 1 });
    expect((await first.next()).value).toMatchObject({ attempt: 2 });
    expect((await second.next()).value).toMatchObject({ attempt: 2 });
    const pending = second.next();
    hub.close();
    expect(await pending).toEqual({ value: undefined, done: true });
    expect(await first.next()).toEqual({ value: undefined, done: true });
  });

  test('of a slow consumer are limited to the newest 1000, and the consumer gets an overrun event', async () => {
    const hub = new EventHub();
    const events = hub.open(undefined);
    for (let attempt = 1; attempt <= 1003; attempt++) hub.emit(event(attempt));
    expect((await events.next()).value).toEqual({ type: 'overrun', lost: 3 });
    for (let attempt = 4; attempt <= 1003; attempt++) {
      expect((await events.next()).value).toMatchObject({ attempt });
    }
    const pending = events.next();
    hub.emit(event(1004));
    expect((await pending).value).toMatchObject({ attempt: 1004 });
    await events.return();
  });

  test('that were not read by the end are read after it, and do not keep the process alive', async () => {
    const hub = new EventHub();
    const events = hub.open(undefined).ref();
    for (let attempt = 1; attempt <= 3; attempt++) hub.emit(event(attempt));
    expect((await events.next()).value).toMatchObject({ attempt: 1 });
    const countTimers = () =>
      process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = countTimers();
    hub.close();
    expect(countTimers()).toBe(before - 1);
    hub.emit(event(4));
    const attempts: unknown[] = [];
    for await (const each of events.ref()) {
      expect(countTimers()).toBe(before - 1);
      attempts.push(each.type === 'refused' ? each.attempt : each);
    }
    expect(attempts).toEqual([2, 3, 4]);
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  test('end when the signal is aborted', async () => {
    const hub = new EventHub();
    const controller = new AbortController();
    const pending = hub.open(controller.signal).next();
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(hub.open(controller.signal).next()).rejects.toThrow('enough');
  });
});

describe('options', () => {
  const owns = { ports: [80, 80] };

  test('have defaults', () => {
    expect(checkDirectorOptions({ owns })).toMatchObject({
      link: undefined,
      draining: undefined,
      drainTimeout: 30_000,
      resync: 30_000,
    });
    expect(checkDirectorOptions({ owns, drain: true }).draining).toBeDefined();
    expect(checkDirectorOptions({ owns, drain: { timeout: 5 } })).toMatchObject({
      drainTimeout: 5,
      draining: { ignoresInactive: false },
    });
  });

  test.each([
    [undefined, /^options: undefined is not an object/],
    [{}, /^options\.owns: undefined is not a scope or an array of scopes$/],
    [{ owns: true }, /^options\.owns: true is not a scope or an array of scopes$/],
    [{ owns: [owns, {}] }, /^options\.owns\[1\]: .* names nothing/],
    [{ owns, link: 'a b' }, /^options\.link: 'a b' is not the name of a link/],
    [{ owns, link: 7 }, /^options\.link: 7 is not the name of a link/],
    [{ owns, linkUp: 1 }, /^options\.linkUp: 1 is not a boolean$/],
    [{ owns, resync: 0 }, /^options\.resync: 0 is not an integer from 1 to 2147483647 milli/],
    [{ owns, drain: 30 }, /^options\.drain: 30 is not an object or a boolean$/],
    [{ owns, drain: { timeout: -1 } }, /^options\.drain\.timeout: -1 is not an integer from 0/],
    [{ owns, drain: { protocols: ['icmp'] } }, /^options\.drain\.protocols\[0\]: 'icmp'/],
    [{ owns, keep: 'weight' }, /^options\.keep: 'weight' is not an array/],
    [{ owns, netns: '' }, /^options\.netns: '' is not a/],
    [{ owns, prune: true }, /^options\.prune: 'prune' is not a known property/],
  ])('%j is refused', (options, message) => {
    expect(() => checkDirectorOptions(options)).toThrow(message);
  });
});

test('the wanted state can be applied again, also with objects that only the kernel may have', () => {
  const anew = (state: unknown) => wantedOf([state], () => undefined);
  fc.assert(
    fc.property(ruleState, ({ services }) => {
      const wanted = anew({ services });
      const again = anew(JSON.parse(JSON.stringify(wanted.state)));
      expect(again.encoded.requests.bytes()).toEqual(wanted.encoded.requests.bytes());
      expect(again.state).toEqual(wanted.state);
    }),
    { numRuns: 300 },
  );
});

describe('options of apply()', () => {
  test.each([
    [{ addresses: '10.0.0.1' }, "options.addresses: '10.0.0.1' is not an array of addresses"],
    [{ addresses: ['10.0.0.1/32'] }, "options.addresses[0]: '10.0.0.1/32' is not an IPv4 or IPv6"],
    [{ adresses: [] }, "options.adresses: 'adresses' is not a known property: did you mean"],
  ])('%j are refused', (options, message) => {
    expect(() => wantedOf([{ services: [] }, options], () => undefined)).toThrow(
      `apply: ${message}`,
    );
  });

  test('pick addresses by their value', () => {
    const at = (address: string) => ({ protocol: 'tcp', address, port: 80 });
    const state = { services: [at('fd00::1'), at('10.0.0.1'), at('10.0.0.2')] };
    const { addresses } = wantedOf([state, { addresses: ['FD00:0::1', '10.0.0.2'] }], () => {});
    expect([...addresses.keys()]).toEqual(['fd00::1', '10.0.0.2']);
  });
});

describe('time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A director whose table the test plays: `respond` says what a look at it finds. */
  function open(
    respond: () => readonly DrainingDestination[] | ReconcileResult,
    options: { readonly resync?: number; readonly drain?: { readonly timeout: number } } = {},
    { now = () => Date.now(), list = (): readonly Required<DestinationAddress>[] => [] } = {},
  ) {
    const looks: number[] = [];
    const deleted: string[] = [];
    const unused = () => Promise.reject(new Error('the test does not expect this call'));
    const access: DirectorAccess = {
      check: () => undefined,
      reconcile: async () => {
        looks.push(Date.now());
        const response = respond();
        return response instanceof ReconcileResult ? response : resultOf(response);
      },
      listServices: unused,
      listDestinations: async () => list(),
      deleteService: unused,
      deleteDestination: async (_service, destination) => deleted.push(destination),
      links: { getLink: unused, ensureDummy: unused, reconcileAddresses: unused },
      close: async () => undefined,
    };
    const settings = checkDirectorOptions({ owns: { ports: [80, 80] }, ...options });
    const begin = Date.now();
    const loop = new DirectorLoop(access, settings, now);
    return { loop, deleted, looks: () => looks.splice(0).map((time) => time - begin) };
  }

  const state = { services: [] };
  const listed = [{ address: '10.1.1.1', port: 80 }];
  const refusal = new IpvsError('no', { code: 'EPERM' });

  test('passes between looks as resync says, and each state looks at once', async () => {
    const { loop, looks } = open(() => [], { resync: 7000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks()).toEqual([]);
    await loop.apply([state]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(looks()).toEqual([60_000, 67_000, 74_000]);
    await loop.apply([state]);
    await vi.advanceTimersByTimeAsync(7000);
    expect(looks()).toEqual([75_000, 82_000]);
    await loop.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks()).toEqual([]);
  });

  test('grows between tries that fail, and a new state begins anew', async () => {
    let fails = true;
    const { loop, looks } = open(() => {
      if (fails) throw refusal;
      return [];
    });
    const events = loop.events([]);
    await expect(loop.apply([state])).rejects.toBe(refusal);
    await vi.advanceTimersByTimeAsync(8000);
    expect(looks()).toEqual([0, 1000, 3000, 7000]);
    expect(loop.state().refused).toEqual([refusal]);
    await expect(loop.apply([state])).rejects.toBe(refusal);
    await vi.advanceTimersByTimeAsync(1500);
    expect(looks()).toEqual([8000, 9000]);
    for (const attempt of [1, 2, 3, 4, 1, 2]) {
      const retryIn = 1000 * 2 ** (attempt - 1);
      const expected = { type: 'refused', error: refusal, attempt, retryIn };
      expect((await events.next()).value).toEqual(expected);
    }
    fails = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect(looks()).toEqual([11_000]);
    const steps = { count: 7, failures: 6 };
    expect(loop.state()).toMatchObject({ refused: [], lastSync: new Date(), steps });
    await loop.close();
  });

  test('until the next step may end with a drain, and the event of a refusal says so', async () => {
    const done = new ReconcileResult([], { services: 0, destinations: 0 }, [
      draining('10.1.1.1:80'),
    ]);
    const refuse = () => {
      throw new ReconcileError('reconcile', 'no', [refusal], done);
    };
    const { loop, looks } = open(refuse, { drain: { timeout: 500 } });
    const events = loop.events([]);
    await expect(loop.apply([state])).rejects.toThrow(ReconcileError);
    expect((await events.next()).value).toMatchObject({ type: 'draining' });
    expect((await events.next()).value).toMatchObject({ type: 'refused', retryIn: 500 });
    await vi.advanceTimersByTimeAsync(500);
    expect(looks()).toEqual([0, 500]);
    await loop.close();
  });

  test('ends a drain at its deadline', async () => {
    const drains = [draining('10.1.1.1:80')];
    const { loop, looks, deleted } = open(() => drains, { drain: { timeout: 2500 } });
    await loop.apply([state]);
    const [drain] = loop.state().draining;
    expect(drain?.deadline.getTime()).toBe(Date.now() + 2500);
    await vi.advanceTimersByTimeAsync(2499);
    expect(deleted).toEqual([]);
    drains.pop();
    await vi.advanceTimersByTimeAsync(1);
    expect(looks()).toEqual([0, 1000, 2000, 2500]);
    await loop.close();
  });

  test('goes on to count if the deletion of an idle destination is refused', async () => {
    const drain = draining('10.1.1.1:80');
    const { service, destination } = drain;
    const target = `${destination} of ${service}`;
    const refused = new IpvsError('no', { code: 'EPERM', operation: 'reconcile', target });
    const results = [
      () => resultOf([drain]),
      () => {
        throw new ReconcileError('reconcile', 'no', [refused], resultOf([]));
      },
      () => resultOf([], [{ action: 'delete', service, destination }]),
    ];
    const { loop } = open(
      () => results.shift()?.() ?? [],
      { drain: { timeout: 25_000 } },
      { list: () => listed },
    );
    const events = loop.events([]);
    await loop.apply([state]);
    const [{ deadline } = {}] = loop.state().draining;
    expect((await events.next()).value).toMatchObject({ type: 'draining' });
    await vi.advanceTimersByTimeAsync(1000);
    expect((await events.next()).value).toMatchObject({ type: 'refused' });
    expect(loop.state().draining).toMatchObject([{ destination, deadline }]);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await events.next()).value).toMatchObject({ type: 'changed' });
    expect((await events.next()).value).toMatchObject({
      type: 'drained',
      destinations: [{ destination, reason: 'idle' }],
    });
    await loop.close();
  });

  test('is forgotten if the destination is there, but not in a scope any more', async () => {
    let drains = [draining('10.1.1.1:80')];
    const { loop, deleted } = open(
      () => drains,
      { drain: { timeout: 2500 } },
      { list: () => listed },
    );
    const events = loop.events([]);
    await loop.apply([state]);
    expect((await events.next()).value).toMatchObject({ type: 'draining' });
    drains = [];
    await loop.apply([state]);
    expect(loop.state().draining).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(deleted).toEqual([]);
    await loop.close();
    expect((await events.next()).done).toBe(true);
  });

  test('of a drain is the same date in each reading, until the clock is set', async () => {
    let lag = 0;
    const { loop } = open(
      () => [draining('10.1.1.1:80')],
      { drain: { timeout: 2500 } },
      { now: () => Date.now() - lag },
    );
    const events = loop.events([]);
    await loop.apply([state]);
    const deadline = new Date(Date.now() + 2500);
    // The clocks are read one after the other.
    lag = 0.6;
    expect(loop.state().draining).toMatchObject([{ deadline }]);
    lag = 30;
    expect(loop.state().draining).toMatchObject([{ deadline }]);
    expect((await events.next()).value).toMatchObject({ destinations: [{ deadline }] });
    vi.setSystemTime(Date.now() + 3_600_000);
    lag = 3_600_000;
    expect(loop.state().draining).toMatchObject([
      { deadline: new Date(deadline.getTime() + 3_600_000) },
    ]);
    await loop.close();
  });

  test('that passes during a drain deletes the destination that is still busy', async () => {
    const { loop, deleted } = open(() => (deleted.length > 0 ? [] : [draining('10.1.1.1:80')]), {
      drain: { timeout: 2500 },
    });
    await loop.apply([state]);
    await vi.advanceTimersByTimeAsync(2499);
    expect(deleted).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(deleted).toEqual(['10.1.1.1:80']);
    expect(loop.state().draining).toEqual([]);
    await loop.close();
  });

  test('that passes leaves destinations alone if the service is wanted without any', async () => {
    let drains = [draining('10.1.1.1:80')];
    const { loop, deleted } = open(() => drains, { drain: { timeout: 2500 } });
    const events = loop.events([]);
    await loop.apply([state]);
    expect((await events.next()).value).toMatchObject({ type: 'draining' });
    await vi.advanceTimersByTimeAsync(2499);
    vi.setSystemTime(Date.now() + 1);
    // The step does not read its destinations.
    drains = [];
    const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 };
    await loop.apply([{ services: [service] }]);
    expect(deleted).toEqual([]);
    expect(loop.state().draining).toEqual([]);
    await loop.close();
    expect((await events.next()).done).toBe(true);
  });

  test('does not go on after close() during a step', async () => {
    let closed: Promise<void> | undefined;
    const { loop, looks } = open(() => {
      closed = loop.close();
      return [];
    });
    await loop.apply([state]);
    await closed;
    expect(looks()).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('takes more changes and errors than a call can have arguments', async () => {
    const count = 150_000;
    const services = Array.from({ length: count }, (_, index) => `fwmark://${index + 1}`);
    const changes = services.map((service) => ({ action: 'delete', service }) as const);
    const done = { changes, draining: [] };
    const errors = services.map(() => refusal);
    const { loop } = open(() => {
      throw new ReconcileError('reconcile', 'no', errors, done);
    });
    const error = await loop.apply([state]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    const { errors: refused, done: made } = error as ReconcileError<{ changes: unknown[] }>;
    expect([refused.length, made.changes.length]).toEqual([count, count]);
    await loop.close();
  });

  test('rejects with a ReconcileError that has what was done', async () => {
    const done = new ReconcileResult([], { services: 0, destinations: 0 }, []);
    const { loop } = open(() => {
      throw new ReconcileError('reconcile', 'no', [refusal], done);
    });
    const error = await loop.apply([state]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({
      message: 'apply: a change was not made: no',
      code: 'EPERM',
      errors: [refusal],
      done: { changes: [], addresses: NO_ADDRESSES, diff: '' },
    });
    await loop.close();
  });
});
