import { Ipvs, IpvsError } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { countSockets } from './helpers/descriptors.js';
import { type Call, outcomeOf, Table } from './helpers/model/table.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const tcp = 'tcp://10.96.0.1:80';
const mark = (fwmark: number) => `fwmark://${fwmark}`;
const host = (index: number) => `10.1.${index >> 8}.${index & 255}`;

describe('many operations at once', () => {
  test('of which ten of a thousand fail give each caller its own result', async () => {
    const { ipvs } = fixture;
    const SERVICES = 10;
    const failing = new Map<number, Call>();
    const calls = Array.from({ length: 1000 }, (_, index): Call => {
      if (index < SERVICES) return ['addService', { fwmark: 1 + index }];
      const of = mark(1 + (index % SERVICES));
      const usual: Call = ['addDestination', of, { address: host(index), weight: index }];
      if (index % 100 !== 42) return usual;
      const unusual: Call[] = [
        ['addDestination', mark(99), { address: host(index) }],
        ['addDestination', of, { address: host(index - SERVICES) }],
        ['addDestination', of, { address: '127.255.255.255' }],
        ['deleteDestination', of, host(index)],
        ['addService', { fwmark: 1 }],
        ['deleteService', 'fwmark6://1'],
      ];
      const failure = unusual[failing.size % unusual.length] ?? usual;
      failing.set(index, failure);
      return failure;
    });
    expect(failing.size).toBe(10);

    const table = new Table();
    const outcomes = await Promise.all(calls.map((call) => outcomeOf(ipvs, call)));
    expect(outcomes).toEqual(calls.map((call) => table.outcomeOf(call)));
    const refused = outcomes.flatMap((outcome, index) => ('refused' in outcome ? [index] : []));
    expect(refused).toEqual([...failing.keys()]);
    expect(await outcomeOf(ipvs, ['snapshot'])).toEqual(table.outcomeOf(['snapshot']));
    expect(fixture.namespace.saved()).toHaveLength(1000 - failing.size);
  });

  test('that are too many for one batch are all executed', async () => {
    const { ipvs } = fixture;
    const SERVICES = 100;
    const EACH = 199;
    const services = Array.from({ length: SERVICES }, (_, index) => mark(1 + index));
    const pending: Promise<unknown>[] = [];
    for (const [index, name] of services.entries()) {
      pending.push(ipvs.addService({ fwmark: 1 + index, scheduler: 'rr' }));
      for (let server = 1; server <= EACH; server++) {
        pending.push(ipvs.addDestination(name, { address: host(server), weight: index }));
      }
    }
    expect(pending).toHaveLength(20_000);
    // One more for the middle, and a reading behind them all.
    const twice = ipvs.addDestination(mark(50), { address: host(1) }).catch((error) => error);
    const listed = ipvs.listDestinations(mark(SERVICES));
    await Promise.all(pending);
    expect(await twice).toMatchObject({ code: 'EEXIST', target: '10.1.0.1:0 of fwmark://50' });
    expect(await listed).toHaveLength(EACH);

    const snapshot = await ipvs.snapshot();
    const all = snapshot.services.flatMap((each) => each.destinations.map(({ weight }) => weight));
    expect(all).toHaveLength(SERVICES * EACH);
    expect(all.reduce((sum, weight) => sum + weight)).toBe((EACH * SERVICES * (SERVICES - 1)) / 2);
    const counts = new Set(snapshot.services.map(({ destinations }) => destinations.length));
    expect(counts).toEqual(new Set([EACH]));
  });

  test('that all fail lose no error', async () => {
    const missing = Array.from({ length: 10_000 }, (_, index) => `fwmark://${1 + index}`);
    const settled = await Promise.allSettled(
      missing.map((name) => fixture.ipvs.deleteService(name)),
    );
    const reasons = settled.map((each) => (each.status === 'rejected' ? each.reason : undefined));
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(['ESRCH']));
    expect(reasons.map(({ target }) => target)).toEqual(missing);
  });

  test('are not stopped by an invalid one', async () => {
    const settled = await Promise.allSettled([
      fixture.ipvs.addService({ fwmark: 0 }),
      fixture.ipvs.addService({ fwmark: 1 }),
      fixture.ipvs.addDestination(mark(1), { address: '10.0.0.256' }),
      fixture.ipvs.addDestination(mark(1), { address: '10.0.0.1' }),
      fixture.ipvs.updateService('fwmark://', {}),
    ]);
    const valid = { status: 'fulfilled' };
    const invalid = { status: 'rejected', reason: { code: expect.stringMatching(/^ERR_/) } };
    expect(settled).toMatchObject([invalid, valid, invalid, valid, invalid]);
    expect(fixture.namespace.saved()).toHaveLength(2);
  });
});

describe('the order of calls', () => {
  test('lets each read see the writes before it and none after it', async () => {
    const { ipvs } = fixture;
    const answers = await Promise.all([
      ipvs.getService(tcp),
      ipvs.addService(service),
      ipvs.getService(tcp),
      ipvs.updateService(tcp, { scheduler: 'rr' }),
      ipvs.listServices(),
      ipvs.listDestinations(tcp),
      ipvs.ensureDestination(tcp, { address: '10.0.0.1' }),
      ipvs.getDestination(tcp, '10.0.0.1'),
      ipvs.updateDestination(tcp, '10.0.0.1', { weight: 5 }),
      ipvs.listDestinations(tcp),
      ipvs.deleteDestination(tcp, '10.0.0.1'),
      ipvs.listServices(),
      ipvs.flush(),
      ipvs.getService(tcp),
      ipvs.ensureService(service),
      ipvs.snapshot(),
    ]);
    expect(answers).toMatchObject([
      undefined,
      undefined,
      { scheduler: 'wlc' },
      undefined,
      [{ scheduler: 'rr' }],
      [],
      'created',
      { weight: 1 },
      undefined,
      [{ weight: 5 }],
      true,
      [{ scheduler: 'rr' }],
      undefined,
      undefined,
      'created',
      { services: [{ scheduler: 'wlc' }] },
    ]);
  });

  test('is kept between turns of the event loop', async () => {
    const { ipvs } = fixture;
    await ipvs.addService(service);
    await ipvs.addDestination(tcp, { address: '10.0.0.1' });
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
    const pending: Promise<unknown>[] = [];
    const settled: number[] = [];
    for (let weight = 0; weight < 300; weight++) {
      const update = ipvs.updateDestination(tcp, '10.0.0.1', { weight });
      pending.push(
        update.then(() => settled.push(weight)),
        ipvs.getDestination(tcp, '10.0.0.1').then((got) => expect(got?.weight).toBe(weight)),
      );
      if (weight % 7 === 0) await nextTurn();
      if (weight % 11 === 0) await Promise.resolve();
    }
    await Promise.all(pending);
    expect(settled).toEqual(Array.from({ length: 300 }, (_, weight) => weight));
  });

  test('puts a call made when another one resolves behind the queued ones', async () => {
    const { ipvs } = fixture;
    const first = ipvs.addService(service).then(() => ipvs.getService(tcp));
    const second = ipvs.updateService(tcp, { scheduler: 'rr' });
    expect(await first).toMatchObject({ scheduler: 'rr' });
    await second;
  });
});

describe('two handles on one namespace', () => {
  test("see each other's writes once these have resolved", async () => {
    const { ipvs, namespace } = fixture;
    const other = await Ipvs.open({ netns: namespace.path });
    for (let round = 0; round < 20; round++) {
      const [writer, reader] = round % 2 === 0 ? [ipvs, other] : [other, ipvs];
      await writer.ensureService({ ...service, persistence: { timeout: 1 + round } });
      expect(await reader.getService(tcp)).toMatchObject({ persistence: { timeout: 1 + round } });
    }
    await other.close();
  });

  test('ensure the same objects, whichever is first', async () => {
    const { ipvs, namespace } = fixture;
    const other = await Ipvs.open({ netns: namespace.path });
    const wanted = Array.from({ length: 200 }, (_, index) => 1 + index);
    const ensure = (on: Ipvs) =>
      wanted.flatMap((fwmark) => [
        on.ensureService({ fwmark }),
        on.ensureDestination(mark(fwmark), { address: '10.0.0.1' }),
      ]);
    const answers = await Promise.all([...ensure(ipvs), ...ensure(other)]);
    expect(answers.filter((answer) => answer === 'created')).toHaveLength(2 * wanted.length);
    expect((await ipvs.snapshot()).services.map(({ destinations }) => destinations.length)).toEqual(
      wanted.map(() => 1),
    );
    await other.close();
  });
});

describe('close()', () => {
  const prepared = 'fwmark://7';
  const server = { address: '10.0.0.1' };
  const daemon = (role: 'master' | 'backup') => ({ role, interface: 'lo' });
  const operations: readonly {
    readonly operation: string;
    readonly call: (ipvs: Ipvs) => Promise<unknown>;
    readonly expected: unknown;
  }[] = [
    { operation: 'addService', call: (ipvs) => ipvs.addService(service), expected: undefined },
    {
      operation: 'updateService',
      call: (ipvs) => ipvs.updateService(prepared, { scheduler: 'rr' }),
      expected: undefined,
    },
    {
      operation: 'ensureService',
      call: (ipvs) => ipvs.ensureService(service),
      expected: 'created',
    },
    { operation: 'deleteService', call: (ipvs) => ipvs.deleteService(prepared), expected: true },
    {
      operation: 'getService',
      call: (ipvs) => ipvs.getService(prepared),
      expected: { fwmark: 7 },
    },
    { operation: 'listServices', call: (ipvs) => ipvs.listServices(), expected: [{ fwmark: 7 }] },
    {
      operation: 'addDestination',
      call: (ipvs) => ipvs.addDestination(prepared, { address: '10.0.0.2' }),
      expected: undefined,
    },
    {
      operation: 'updateDestination',
      call: (ipvs) => ipvs.updateDestination(prepared, server, {}),
      expected: undefined,
    },
    {
      operation: 'ensureDestination',
      call: (ipvs) => ipvs.ensureDestination(prepared, server),
      expected: 'updated',
    },
    {
      operation: 'deleteDestination',
      call: (ipvs) => ipvs.deleteDestination(prepared, server),
      expected: true,
    },
    {
      operation: 'getDestination',
      call: (ipvs) => ipvs.getDestination(prepared, server),
      expected: server,
    },
    {
      operation: 'listDestinations',
      call: (ipvs) => ipvs.listDestinations(prepared),
      expected: [server],
    },
    {
      operation: 'snapshot',
      call: (ipvs) => ipvs.snapshot(),
      expected: { services: [{ destinations: [server] }] },
    },
    {
      operation: 'reconcile',
      call: (ipvs) => ipvs.reconcile({ services: [service] }),
      expected: { changes: [{ action: 'add' }] },
    },
    { operation: 'flush', call: (ipvs) => ipvs.flush(), expected: undefined },
    {
      operation: 'batch',
      call: (ipvs) => ipvs.batch((b) => void b.addService(service)),
      expected: [{ status: 'fulfilled' }],
    },
    {
      operation: 'getInfo',
      call: (ipvs) => ipvs.getInfo(),
      expected: { version: expect.any(String) },
    },
    { operation: 'getTimeouts', call: (ipvs) => ipvs.getTimeouts(), expected: { tcp: 900 } },
    {
      operation: 'setTimeouts',
      call: (ipvs) => ipvs.setTimeouts({ tcp: 900 }),
      expected: undefined,
    },
    { operation: 'zero', call: (ipvs) => ipvs.zero(prepared), expected: undefined },
    {
      operation: 'listSyncDaemons',
      call: (ipvs) => ipvs.listSyncDaemons(),
      expected: [{ role: 'backup' }],
    },
    {
      operation: 'startSyncDaemon',
      call: (ipvs) => ipvs.startSyncDaemon(daemon('master')),
      expected: undefined,
    },
    { operation: 'stopSyncDaemon', call: (ipvs) => ipvs.stopSyncDaemon('backup'), expected: true },
    { operation: 'getStats', call: (ipvs) => ipvs.getStats(), expected: { connections: 0 } },
    {
      operation: 'getStatus',
      call: async (ipvs) => typeof (await ipvs.getStatus()),
      expected: expect.any(String),
    },
    {
      operation: 'countConnections',
      call: (ipvs) => ipvs.countConnections(),
      expected: [{ count: 0 }],
    },
    {
      operation: 'connections',
      call: async (ipvs) => ipvs.connections().next(),
      expected: { done: true },
    },
    {
      operation: 'diagnose',
      call: async (ipvs) => (await ipvs.diagnose())[0],
      expected: { name: 'ip_vs', status: 'ok' },
    },
    {
      operation: 'watch',
      call: async (ipvs) => ipvs.watch().next(),
      expected: { value: { services: [{ fwmark: 7 }] } },
    },
  ];
  const closed = (operation: string) => ({ name: 'IpvsError', code: 'ERR_IPVS_CLOSED', operation });

  beforeEach(async () => {
    await fixture.ipvs.addService({ fwmark: 7 });
    await fixture.ipvs.addDestination(prepared, server);
    await fixture.ipvs.stopSyncDaemon('master', { ifRunning: true });
    await fixture.ipvs.stopSyncDaemon('backup', { ifRunning: true });
    await fixture.ipvs.startSyncDaemon(daemon('backup'));
  });
  const open = () => Ipvs.open({ netns: fixture.namespace.path });

  test('is tested with every operation', () => {
    const methods: string[] = [];
    let each: object = Ipvs.prototype;
    for (; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
      methods.push(...Object.getOwnPropertyNames(each));
    }
    // activity() makes no call, and works after close() too.
    const rest = ['constructor', 'close', 'activity'];
    expect(operations.map(({ operation }) => operation).sort()).toEqual(
      methods.filter((name) => !rest.includes(name)).sort(),
    );
  });

  test.each(operations)(
    'executes $operation first if the call is queued',
    async ({ call, expected: answer }) => {
      const ipvs = await open();
      const pending = call(ipvs);
      await ipvs.close();
      // Its answer is there, and not on its way.
      const late = new Promise((resolve) => setImmediate(resolve, 'late'));
      expect([await Promise.race([pending, late])]).toMatchObject([answer]);
    },
  );

  test.each(operations)(
    'executes $operation first if the call is in flight',
    async ({ call, expected: answer }) => {
      const ipvs = await open();
      const pending = call(ipvs);
      await Promise.resolve(); // by now it has left
      const behind = ipvs.getService(prepared);
      const [got] = await Promise.all([pending, behind, ipvs.close()]);
      expect([got]).toMatchObject([answer]);
    },
  );

  test.each(operations)(
    'refuses $operation afterwards and does not execute it',
    async ({ operation, call }) => {
      const ipvs = await open();
      const before = await fixture.ipvs.snapshot();
      const closing = ipvs.close();
      await expect(call(ipvs)).rejects.toMatchObject(closed(operation));
      await closing;
      await expect(call(ipvs)).rejects.toBeInstanceOf(IpvsError);
      await expect(call(ipvs)).rejects.toMatchObject(closed(operation));
      expect(await fixture.ipvs.snapshot()).toEqual(before);
    },
  );

  test('waits for queued batches', async () => {
    const ipvs = await open();
    const pending = Array.from({ length: 10_000 }, (_, index) =>
      ipvs.addService({ fwmark: 1000 + index }),
    );
    await ipvs.close();
    expect(await Promise.all(pending)).toHaveLength(10_000);
    expect(await fixture.ipvs.listServices()).toHaveLength(10_001);
  });

  test('can be called several times, at once and later', async () => {
    const ipvs = await open();
    const pending = ipvs.addService(service);
    await Promise.all([ipvs.close(), ipvs.close()]);
    await ipvs.close();
    expect(await pending).toBeUndefined();
  });

  test('closes the socket and nothing else', async () => {
    const ipvs = await open();
    const other = await open();
    const both = countSockets();
    await ipvs.close();
    expect(countSockets()).toBe(both - 1);
    expect(await other.listServices()).toHaveLength(1);
    await other.close();
  });

  test('is called at the end of an `await using` block', async () => {
    let kept: Ipvs | undefined;
    let pending: Promise<unknown> | undefined;
    {
      await using ipvs = await open();
      kept = ipvs;
      pending = ipvs.addService(service);
    }
    await expect(kept.getInfo()).rejects.toMatchObject(closed('getInfo'));
    expect(await pending).toBeUndefined();
    expect(await fixture.ipvs.getService(tcp)).toMatchObject(service);
  });

  test('is called when an `await using` block throws', async () => {
    let kept: Ipvs | undefined;
    const failing = async () => {
      await using ipvs = await open();
      kept = ipvs;
      throw new Error('from inside');
    };
    await expect(failing()).rejects.toThrow('from inside');
    await expect(kept?.getInfo()).rejects.toMatchObject(closed('getInfo'));
  });
});
