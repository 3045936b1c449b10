/** Services with the scheduler mh, which builds its table anew after each change. */
import { channel } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { Ipvs, IpvsError, ReconcileError, type State } from 'ipvs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openCounted } from './helpers/count-requests.js';
import { isOwnKernel } from './helpers/modules.js';
import { run } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

const MODPROBE = '/proc/sys/kernel/modprobe';
const COUNT = 1000;
const KEY = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;

const fixture = useNamespace();
let counted: Awaited<ReturnType<typeof openCounted>>;

beforeAll(async () => {
  counted = await openCounted(() => Ipvs.open({ netns: fixture.namespace.path }));
});
afterAll(() => counted.ipvs.close());
beforeEach(() => fixture.ipvs.flush());

const stateOf = (count: number, scheduler = 'mh'): State => ({
  services: [
    {
      ...KEY,
      scheduler,
      schedulerFlags: ['mh-port'],
      destinations: Array.from({ length: count }, (_, index) => ({
        address: `10.1.${index >> 8}.${index & 255}`,
      })),
    },
  ],
});

test.each(['async', 'sync'] as const)(
  'a service of mh with 1,000 destinations takes two requests more, %s',
  async (form) => {
    const ipvs = form === 'sync' ? counted.ipvs.sync : counted.ipvs;
    const sent = counted.requests();
    const { changes } = await ipvs.reconcile(stateOf(COUNT));
    expect(changes).toHaveLength(1 + COUNT);
    // One sets the scheduler none, and one mh again, which builds the table: once.
    expect(counted.requests() - sent).toBe(1 + COUNT + 2);
    const lines = fixture.namespace.saved();
    expect(lines).toHaveLength(1 + COUNT);
    expect(lines[0]).toBe('-A -t 10.96.0.1:80 -s mh -b mh-port');

    const again = counted.requests();
    expect((await ipvs.reconcile(stateOf(COUNT))).changes).toEqual([]);
    await ipvs.reconcile(stateOf(COUNT + 1));
    expect(counted.requests() - again).toBe(1);
    expect(fixture.namespace.saved()).toHaveLength(2 + COUNT);
  },
);

test('an abort while destinations are added leaves no service without scheduler', async () => {
  const { ipvs, namespace } = fixture;
  const exchange = channel('tracing:ipvs:exchange:asyncEnd');
  // The exchange after which it is aborted: in the first service, between both, in the second.
  const aborted = async (last: number) => {
    await ipvs.flush();
    const second = { ...KEY, port: 81, scheduler: 'mh' };
    const [first] = stateOf(200).services;
    const controller = new AbortController();
    let exchanges = 0;
    const abort = () => void (++exchanges === last && controller.abort(new Error('enough')));
    exchange.subscribe(abort);
    const services = [first, { ...second, destinations: first?.destinations }];
    const call = ipvs.reconcile({ services } as State, { signal: controller.signal });
    const outcome = await call.then(
      () => 'complete',
      (error) => error.message,
    );
    exchange.unsubscribe(abort);
    const lines = namespace.saved();
    return { outcome, lines: lines.length, services: lines.filter((line) => line[1] === 'A') };
  };
  const seen = new Set<number>();
  for (let last = 1; ; last++) {
    const { outcome, lines, services } = await aborted(last);
    if (outcome === 'complete') break;
    expect(outcome).toBe('enough');
    seen.add(lines);
    for (const line of services) expect(line).toContain('-s mh');
  }
  expect(seen.size).toBeGreaterThan(1);
});

test('a service that a killed process has left without scheduler gets it', async () => {
  await fixture.ipvs.reconcile(stateOf(20));
  await fixture.ipvs.updateService(KEY, { scheduler: 'none' });
  const { changes } = await fixture.ipvs.reconcile(stateOf(40));
  expect(changes.at(-1)).toMatchObject({ differences: { scheduler: ['none', 'mh'] } });
  const lines = fixture.namespace.saved();
  expect(lines[0]).toBe('-A -t 10.96.0.1:80 -s mh -b mh-port');
  expect(lines).toHaveLength(41);
});

test.runIf(isOwnKernel)('without the module of mh, the service is refused as a whole', async () => {
  const before = readFileSync(MODPROBE, 'utf8');
  const { namespace, ipvs } = fixture;
  run('modprobe', ['ip_vs_wlc']);
  run('rmmod', ['ip_vs_mh']);
  writeFileSync(MODPROBE, '/bin/false');
  try {
    const state = { services: [...stateOf(COUNT).services, { fwmark: 7, scheduler: 'wlc' }] };
    for (const each of [ipvs, ipvs.sync]) {
      const error = await (async () => each.reconcile(state))().catch((reason) => reason);
      expect(error).toBeInstanceOf(ReconcileError);
      expect(error).toMatchObject({ code: 'ENOENT', target: 'tcp://10.96.0.1:80' });
      // The requests behind it fail for the same reason, which is said once.
      expect(error.errors).toHaveLength(1);
      expect(error.errors[0]).toBeInstanceOf(IpvsError);
      expect(String(error.done)).toBe(each === ipvs ? '+ fwmark://7' : '');
      expect(namespace.saved()).toEqual(['-A -f 7 -s wlc']);
    }
  } finally {
    writeFileSync(MODPROBE, before);
  }
});
