import { channel } from 'node:diagnostics_channel';
import fc from 'fast-check';
import { Ipvs, IpvsError, ReconcileError, type Service, type State } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCounted } from './helpers/count-requests.js';
import { stateCase } from './helpers/model/states.js';
import { runRound } from './helpers/reconcile-round.js';
import { useNamespace } from './helpers/use-namespace.js';

/** `IPVS_RECONCILE_ROUNDS=10000 npm test -- reconcile.test` takes half an hour. */
const ROUNDS = Number(process.env['IPVS_RECONCILE_ROUNDS'] ?? 40);
const PATIENCE = 600_000 + 1000 * ROUNDS;
/** ipvsadm, which is slow to start, is compared in every fifth round. */
const LOOK = 5;

const fixture = useNamespace();
let counted: Awaited<ReturnType<typeof openCounted>>;

beforeAll(async () => {
  counted = await openCounted(() => Ipvs.open({ netns: fixture.namespace.path }));
});
afterAll(() => counted.ipvs.close());

const same = (seen: unknown, expected: unknown, what: string) =>
  expect(seen, what).toEqual(expected);

test(
  'reconcile leads from any table to any state as the model does',
  async () => {
    let rounds = 0;
    const one = fc.asyncProperty(stateCase, (round) => {
      const look = rounds++ % LOOK === 0;
      return runRound({ ...counted, namespace: fixture.namespace, same, look }, round);
    });
    await fc.assert(one, { numRuns: ROUNDS });
    expect(rounds).toBe(ROUNDS);
  },
  PATIENCE,
);

const at = (address: string, port = 80) => ({ protocol: 'tcp' as const, address, port });
/** The services whose deletion a call with this scope of a link plans. */
const deletedBy = async (link: string) => {
  const options = { prune: { link }, dryRun: true };
  const { changes } = await fixture.ipvs.reconcile({ services: [] }, options);
  return changes.map(({ service }) => service).sort();
};

test('a scope of a link has the services of its addresses', async () => {
  const { ipvs, namespace } = fixture;
  await ipvs.flush();
  namespace.ip('link', 'add', 'vip0', 'type', 'dummy');
  namespace.ip('address', 'add', '10.96.0.1/24', 'dev', 'vip0');
  namespace.ip('address', 'add', 'fd00::1/64', 'dev', 'vip0', 'nodad');
  for (const address of ['10.96.0.1', '10.96.0.2', 'fd00::1']) await ipvs.addService(at(address));
  await ipvs.addService({ fwmark: 7 });
  expect(await deletedBy('vip0')).toEqual(['tcp://10.96.0.1:80', 'tcp://[fd00::1]:80']);
  namespace.ip('address', 'delete', '10.96.0.1/24', 'dev', 'vip0');
  expect(await deletedBy('vip0')).toEqual(['tcp://[fd00::1]:80']);
  expect(await deletedBy('no-such-link')).toEqual([]);
  namespace.ip('link', 'delete', 'vip0');
});

test('close() waits for a call with a scope of a link', async () => {
  const { namespace } = fixture;
  const ipvs = await Ipvs.open({ netns: namespace.path });
  await ipvs.flush();
  await ipvs.links.ensureDummy('vip0');
  await ipvs.links.addAddress('vip0', '10.96.0.1/32');
  await ipvs.addService(at('10.96.0.1'));
  await ipvs.links.close();
  const called = ipvs.reconcile({ services: [] }, { prune: { link: 'vip0' } });
  const [result] = await Promise.all([called, ipvs.close()]);
  expect(String(result)).toBe('- tcp://10.96.0.1:80');
  expect(namespace.saved()).toEqual([]);
  namespace.ip('link', 'delete', 'vip0');
});

test('a result keeps its changes, whatever later calls do', async () => {
  const { ipvs } = fixture;
  await ipvs.flush();
  const stateOf = (...weights: readonly number[]): State => ({
    services: weights.map((weight, index) => ({
      ...at(`10.96.1.${index}`),
      destinations: [{ address: `10.1.1.${index}`, weight }],
    })),
  });
  const prune = { prune: true } as const;
  const results = [
    await ipvs.reconcile(stateOf(1, 2, 3), prune),
    await ipvs.reconcile(stateOf(1, 7), prune),
    ipvs.sync.reconcile(stateOf(5), { ...prune, dryRun: true }),
    await ipvs.reconcile(stateOf(8, 8, 8, 8), prune),
  ];
  expect(results.map(String)).toEqual([
    [0, 1, 2]
      .map((n) => `+ tcp://10.96.1.${n}:80\n+ tcp://10.96.1.${n}:80 10.1.1.${n}:80`)
      .join('\n'),
    '~ tcp://10.96.1.1:80 10.1.1.1:80 weight 2 → 7\n- tcp://10.96.1.2:80',
    '~ tcp://10.96.1.0:80 10.1.1.0:80 weight 1 → 5\n- tcp://10.96.1.1:80',
    [
      ...[2, 3].map((n) => `+ tcp://10.96.1.${n}:80\n+ tcp://10.96.1.${n}:80 10.1.1.${n}:80`),
      '~ tcp://10.96.1.0:80 10.1.1.0:80 weight 1 → 8',
      '~ tcp://10.96.1.1:80 10.1.1.1:80 weight 7 → 8',
    ].join('\n'),
  ]);
});

test('an abort reason that is an error of this package is no result of a change', async () => {
  const { ipvs } = fixture;
  await ipvs.flush();
  const length = 4000;
  await ipvs.reconcile({ services: Array.from({ length }, (_, index) => ({ fwmark: index + 1 })) });
  const controller = new AbortController();
  const reason = new IpvsError('deleteService fwmark://9: no', { code: 'ESRCH' });
  const options = { prune: true, signal: controller.signal };
  // The first exchange has some of the deletions.
  const exchange = channel('tracing:ipvs:exchange:asyncEnd');
  const abort = () => controller.abort(reason);
  exchange.subscribe(abort);
  await expect(ipvs.reconcile({ services: [] }, options)).rejects.toBe(reason);
  exchange.unsubscribe(abort);
  const left = (await ipvs.listServices()).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(length);
  await ipvs.flush();
});

describe.each(['async', 'sync'] as const)('reconcile, %s', (form) => {
  type Reconcile = (...args: readonly unknown[]) => ReturnType<Ipvs['reconcile']>;
  const reconcile: Reconcile = async (...args) => {
    // The bad arguments are what is tested.
    const on = (form === 'sync' ? counted.ipvs.sync : counted.ipvs) as unknown as {
      readonly reconcile: (...all: readonly unknown[]) => ReturnType<Ipvs['reconcile']>;
    };
    return on.reconcile(...args);
  };
  const state: State = {
    services: [{ ...at('10.96.0.1'), destinations: [{ address: '10.0.0.1' }] }],
  };

  test.each<readonly [string, readonly unknown[], string]>([
    [
      'a surplus argument',
      [state, {}, 5],
      'reconcile: argument 3: 5 is one too many: this operation takes at most 2 arguments',
    ],
    ['a bad option', [state, { dryRun: 1 }], 'reconcile: options.dryRun: 1 is not a boolean'],
    [
      'a bad destination',
      [{ services: [{ fwmark: 7, destinations: [{ address: '10.0.0' }] }] }],
      "reconcile state.services[0].destinations[0] (fwmark://7): destination.address: '10.0.0' is not " +
        'an IPv4 or IPv6 address without port, prefix or zone',
    ],
    [
      'a service that is wanted twice',
      [{ services: [{ fwmark: 7 }, { fwmark: 7, family: 'ipv4' }] }],
      "reconcile: state.services[1]: 'fwmark://7' is wanted twice: it is state.services[0] already",
    ],
  ])('refuses %s before anything is sent', async (_, args, message) => {
    await fixture.ipvs.flush();
    const sent = counted.requests();
    const error = await reconcile(...args).catch((reason) => reason);
    expect(error).toMatchObject({ operation: 'reconcile', message });
    expect(error.stack).toContain('reconcile.test.ts');
    expect(counted.requests()).toBe(sent);
    expect(fixture.namespace.saved()).toEqual([]);
  });

  test('asks the function of prune about each unwanted service, and takes only booleans', async () => {
    await fixture.ipvs.flush();
    await reconcile({ services: [at('10.96.0.1'), at('10.96.0.2'), { fwmark: 7 }] });
    const asked: Service[] = [];
    const prune = (service: Service) => asked.push(service) > 0;
    await reconcile(state, { prune, dryRun: true });
    const name = (service: Service) => service.fwmark ?? service.address;
    expect(asked.map(name).sort()).toEqual(['10.96.0.2', 7]);
    expect(asked[0]).toMatchObject({ scheduler: 'wlc', stats: { connections: 0 } });

    const before = fixture.namespace.saved();
    const refused = await reconcile(state, { prune: () => 1 }).catch((reason) => reason);
    expect(refused.code).toBe('ERR_INVALID_ARG_TYPE');
    const mistake = new Error('a mistake of the caller');
    const thrown = reconcile(state, {
      prune: () => {
        throw mistake;
      },
    });
    await expect(thrown).rejects.toBe(mistake);
    expect(fixture.namespace.saved()).toEqual(before);
  });

  test('names each refused change, and makes the others', async () => {
    await fixture.ipvs.flush();
    const wanted = {
      services: [
        { fwmark: 1, scheduler: 'no-such-one', destinations: [{ address: '10.0.0.1' }] },
        { fwmark: 2, destinations: [{ address: '127.255.255.255' }, { address: '10.0.0.1' }] },
      ],
    };
    const error = await reconcile(wanted).catch((reason) => reason);
    expect(error).toBeInstanceOf(ReconcileError);
    expect(error.message).toMatch(/^reconcile: 3 of 5 changes were not made: reconcile fwmark:/);
    expect(error.errors.map(({ code, target }: IpvsError) => [code, target])).toEqual([
      ['ENOENT', 'fwmark://1'],
      ['EINVAL', '127.255.255.255:0 of fwmark://2'],
    ]);
    expect(error.errors.map(({ index }: IpvsError) => index)).toEqual([undefined, undefined]);
    expect(String(error.done)).toBe('+ fwmark://2\n+ fwmark://2 10.0.0.1:0');
    expect(fixture.namespace.saved()).toEqual(['-A -f 2 -s wlc', '-a -f 2 -r 10.0.0.1:0 -g -w 1']);
  });

  test('ends with the reason of its signal', async () => {
    await fixture.ipvs.flush();
    const reason = new Error('no more');
    const aborted = reconcile(state, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    const controller = new AbortController();
    await fixture.ipvs.addService({ fwmark: 7 });
    const prune = () => {
      controller.abort(reason);
      return true;
    };
    const during = reconcile(state, { prune, signal: controller.signal });
    await expect(during).rejects.toBe(reason);
    expect(fixture.namespace.saved()).toEqual(['-A -f 7 -s wlc']);
  });

  test('reaches the state of a snapshot', async () => {
    await fixture.ipvs.flush();
    await reconcile(state);
    await fixture.ipvs.addService({ ...at('10.96.0.3', 0), persistence: { timeout: 60 } });
    const snapshot = await fixture.ipvs.snapshot();
    const lines = fixture.namespace.saved();
    expect((await reconcile(snapshot, { prune: true })).changes).toEqual([]);
    await fixture.ipvs.flush();
    await reconcile(Object.freeze(snapshot));
    expect(fixture.namespace.saved()).toEqual(lines);
  });
});
