/**
 * Other programs that change the table while it is reconciled. Some are made to do it at a certain
 * moment: the function of `prune` is called between the lists of services and of destinations, and
 * the signal is read last before the changes are sent.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Ipvs, ReconcileError, type ReconcileOptions, type State } from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
/** The handle of another program. */
let other: Ipvs;

beforeAll(async () => {
  other = await Ipvs.open({ netns: fixture.namespace.path });
});
afterAll(() => other.close());

const SERVICE = 'tcp://10.96.0.1:80';
const KEY = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
/** An unwanted service, about which `prune` is asked. */
const UNWANTED = { fwmark: 9 } as const;
const [ONE, TWO, THREE] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;

const stateOf = (...addresses: readonly string[]): State => ({
  services: [
    {
      ...KEY,
      scheduler: 'rr',
      destinations: addresses.map((address) => ({ address, weight: 5 })),
    },
  ],
});

beforeEach(async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.addService(UNWANTED);
});

/** Runs `action` once, after the services were listed. */
function afterServices(action: () => void): ReconcileOptions {
  let isDone = false;
  const prune = () => {
    if (!isDone) action();
    isDone = true;
    return false;
  };
  return { prune };
}

/** How often the signal is read up to the moment before the changes of the first plan are sent. */
const READINGS = 4;

/** Runs `action` once, before the changes of the first plan are sent. */
function beforeSending(action: () => void): ReconcileOptions {
  const { signal } = new AbortController();
  let readings = 0;
  Object.defineProperty(signal, 'aborted', {
    get: () => {
      if (++readings === READINGS) action();
      return false;
    },
  });
  return { signal };
}

const addressesOf = async () =>
  (await fixture.ipvs.listDestinations(SERVICE)).map(({ address, weight }) => [address, weight]);

describe.each(['async', 'sync'] as const)('a %s reconciliation', (form) => {
  const reconcile = async (state: State, options: ReconcileOptions) =>
    (form === 'async' ? fixture.ipvs : fixture.ipvs.sync).reconcile(state, options);

  test('updates a service that another program adds meanwhile', async () => {
    const result = await reconcile(
      stateOf(ONE, TWO),
      afterServices(() => {
        other.sync.addService({ ...KEY, scheduler: 'wlc' });
        other.sync.addDestination(KEY, { address: ONE, weight: 1 });
        other.sync.addDestination(KEY, { address: THREE });
      }),
    );
    expect(await addressesOf()).toEqual([
      [TWO, 5],
      [ONE, 5],
    ]);
    expect(await fixture.ipvs.getService(SERVICE)).toMatchObject({ scheduler: 'rr' });
    // The destination that was missing is added although its service was another program's.
    expect(result.changes).toEqual([
      { action: 'add', service: SERVICE, destination: `${TWO}:80` },
      { action: 'update', service: SERVICE, differences: { scheduler: ['wlc', 'rr'] } },
      {
        action: 'update',
        service: SERVICE,
        destination: `${ONE}:80`,
        differences: { weight: [1, 5] },
      },
      { action: 'delete', service: SERVICE, destination: `${THREE}:80` },
    ]);
  });

  test('adds a service again that another program deletes meanwhile', async () => {
    await reconcile(stateOf(ONE, TWO), {});
    const result = await reconcile(
      stateOf(ONE, TWO, THREE),
      afterServices(() => other.sync.deleteService(SERVICE)),
    );
    expect((await addressesOf()).map(([address]) => address)).toEqual([ONE, TWO, THREE]);
    expect(result.changes).toHaveLength(4);
    expect(result.changes).toContainEqual({ action: 'add', service: SERVICE });
  });

  test('finds the changes of another program before it sends its own', async () => {
    await reconcile(stateOf(ONE, TWO), {});
    const result = await reconcile(
      stateOf(TWO, THREE),
      beforeSending(() => {
        other.sync.deleteDestination(SERVICE, ONE);
        other.sync.addDestination(SERVICE, { address: THREE, weight: 1 });
      }),
    );
    expect(await addressesOf()).toEqual([
      [THREE, 5],
      [TWO, 5],
    ]);
    // The deletion that met ENOENT is done; the addition that met EEXIST became an update.
    expect(result.changes).toEqual([
      { action: 'delete', service: SERVICE, destination: `${ONE}:80` },
      {
        action: 'update',
        service: SERVICE,
        destination: `${THREE}:80`,
        differences: { weight: [1, 5] },
      },
    ]);
  });

  test('adds a destination again that another program deletes before its update', async () => {
    await reconcile({ services: [{ ...KEY, destinations: [{ address: ONE }] }] }, {});
    await reconcile(
      stateOf(ONE),
      beforeSending(() => other.sync.deleteDestination(SERVICE, ONE)),
    );
    expect(await addressesOf()).toEqual([[ONE, 5]]);
  });

  test('is done when another program deletes an unwanted service first', async () => {
    const result = await reconcile(
      { services: [] },
      { prune: true, ...beforeSending(() => other.sync.deleteService(UNWANTED)) },
    );
    expect(result.changes).toEqual([{ action: 'delete', service: 'fwmark://9' }]);
    expect(fixture.namespace.saved()).toEqual([]);
  });

  test('does not delete what it did not list', async () => {
    await reconcile(
      { services: [] },
      { prune: true, ...beforeSending(() => other.sync.addService({ fwmark: 10 })) },
    );
    expect(fixture.namespace.saved()).toEqual(['-A -f 10 -s wlc']);
  });

  test('makes the other changes after a refusal and a lost race', async () => {
    const state = { services: [{ fwmark: 8, scheduler: 'no-such-one' }, ...stateOf(ONE).services] };
    const options = afterServices(() => other.sync.addService(KEY));
    const error = await reconcile(state, options).catch((reason) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error.errors).toHaveLength(1);
    expect(error).toMatchObject({ code: 'ENOENT', target: 'fwmark://8', operation: 'reconcile' });
    expect(error.errors[0].index).toBeUndefined();
    expect(await fixture.ipvs.getService(SERVICE)).toMatchObject({ scheduler: 'rr' });
    expect(await addressesOf()).toEqual([[ONE, 5]]);
    expect(error.done.changes.map(String)).toHaveLength(2);
  });

  test.each([
    { first: 'adds', last: 'ESRCH', prepare: async () => undefined },
    { first: 'deletes', last: 'EEXIST', prepare: () => other.addService(KEY) },
  ])('gives up when another program $first first, and is faster each time', async (given) => {
    const code = given.last;
    await given.prepare();
    const toggle = () => {
      const isThere = other.sync.getService(SERVICE) !== undefined;
      if (isThere) other.sync.deleteService(SERVICE);
      else other.sync.addService(KEY);
      return false;
    };
    const error = await reconcile(stateOf(ONE), { prune: toggle }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    const { message, target } = error.errors[0];
    expect(message).toBe(
      `reconcile ${target}: another program keeps changing the service at the same time (${code})`,
    );
    expect(target).toContain(SERVICE);
    expect((await reconcile(stateOf(ONE), {})).draining).toEqual([]);
    expect(await addressesOf()).toEqual([[ONE, 5]]);
  });

  test('counts the deletions of all its plans', async () => {
    await reconcile(stateOf(ONE, TWO), {});
    const options = beforeSending(() => {
      other.sync.addDestination(SERVICE, { address: THREE });
      other.sync.addDestination(SERVICE, { address: '10.0.0.4' });
    });
    const error = await reconcile(stateOf(TWO, THREE), { ...options, maxDeletions: 1 }).catch(
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({ code: 'ERR_IPVS_TOO_MANY_DELETIONS', operation: 'reconcile' });
    expect(error.message).toBe(
      'reconcile: the changes would delete 2 services and destinations, which is more than ' +
        'options.maxDeletions: 1; the rest was not changed',
    );
    expect(String(error.done)).toBe(`- ${SERVICE} ${ONE}:80`);
    expect((await addressesOf()).map(([address]) => address).sort()).toEqual([
      TWO,
      THREE,
      '10.0.0.4',
    ]);
  });
});

/** Runs programs/reconcile.mjs, and returns what it says at its end. */
async function runAgent(
  order: object,
): Promise<{ readonly foreign: number; readonly runs: number }> {
  const child = spawn(process.execPath, [programPath('reconcile.mjs'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return JSON.parse(said);
}

/** Services of an agent: firewall marks from `first` on. */
const marksOf = (first: number, count: number, weight: number): State['services'] =>
  Array.from({ length: count }, (_, index) => ({
    fwmark: first + index,
    scheduler: 'rr',
    destinations: Array.from({ length: 10 }, (_, place) => ({
      address: `10.1.${index}.${place + 1}`,
      weight,
    })),
  }));

describe('two processes that reconcile at once', () => {
  const ROUNDS = 12;
  /** On Linux 7.2, so many services make the table grow and shrink. */
  const COUNT = 200;
  const netns = () => fixture.namespace.path;
  const last = (first: number) => marksOf(first, COUNT, 1);
  const linesOf = (lines: readonly string[], first: number) =>
    lines.filter((line) => {
      const mark = Number(/ -f (\d+) /.exec(line)?.[1]);
      return mark >= first && mark < first + COUNT;
    });

  test('with disjoint scopes never disturb each other', async () => {
    const agents = [1000, 2000].map((first) =>
      runAgent({
        netns: netns(),
        first,
        count: COUNT,
        rounds: ROUNDS,
        fwmarks: [first, first + 999],
      }),
    );
    for (const { foreign, runs } of await Promise.all(agents)) {
      expect(runs).toBe(2 * ROUNDS);
      // Each checked its own services after each run: nothing else changed them.
      expect(foreign).toBe(0);
    }
    const wanted = { services: [...last(1000), ...last(2000)] };
    const { changes, unchanged } = await fixture.ipvs.reconcile(wanted);
    expect(changes).toEqual([]);
    expect(unchanged).toEqual({ services: 2 * COUNT, destinations: 2 * COUNT * 10 });
    expect(fixture.namespace.saved().filter((line) => line.startsWith('-A -f 9 '))).toHaveLength(1);
  });

  test('with the same scope and state converge', async () => {
    const order = {
      netns: netns(),
      first: 1000,
      count: COUNT,
      rounds: ROUNDS,
      fwmarks: [1000, 1999],
    };
    await Promise.all([runAgent({ ...order, shared: true }), runAgent({ ...order, shared: true })]);
    const { changes } = await fixture.ipvs.reconcile(
      { services: last(1000) },
      { prune: { fwmarks: [1000, 1999] } },
    );
    expect(changes).toEqual([]);
    expect(linesOf(fixture.namespace.saved(), 1000)).toHaveLength(COUNT * 11);
  });
});
