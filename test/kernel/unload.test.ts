// Unloads the module of IPVS under open handles, on a kernel that was booted for the tests.
import { readFileSync, writeFileSync } from 'node:fs';
import { Ipvs } from 'ipvs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Call, invoke, outcomeOf, Table } from './helpers/model/table.js';
import { isOwnKernel, unloadModules } from './helpers/modules.js';
import { run } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

if (!isOwnKernel) {
  console.warn(
    'unload.test.ts is skipped: it needs a kernel that was booted for the tests (--kernel 6.1)',
  );
}

const fixture = useNamespace();
// If another file left something behind, all tests fail together, after one wait.
beforeAll(async () => {
  if (isOwnKernel) await unload();
});
const MODPROBE = '/proc/sys/kernel/modprobe';

async function unload(): Promise<void> {
  await fixture.ipvs.flush();
  await fixture.ipvs.stopSyncDaemon('backup', { ifRunning: true });
  await unloadModules();
}

const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const server = { address: '10.0.0.1' };
const tcp = 'tcp://10.96.0.1:80';
const forgiven = { ifExists: true };

const calls: readonly Call[] = [
  ['addService', service],
  ['updateService', tcp, { scheduler: 'rr' }],
  ['ensureService', service],
  ['deleteService', tcp],
  ['deleteService', tcp, forgiven],
  ['getService', tcp],
  ['listServices'],
  ['addDestination', tcp, server],
  ['updateDestination', tcp, server, { weight: 2 }],
  ['ensureDestination', tcp, server],
  ['deleteDestination', tcp, server],
  ['deleteDestination', tcp, server, forgiven],
  ['getDestination', tcp, server],
  ['listDestinations', tcp],
  ['snapshot'],
  ['flush'],
  ['zero'],
  ['zero', tcp],
];
const rows = calls.map((call) => [call] as const);

const others: readonly {
  readonly operation: string;
  readonly call: (ipvs: Ipvs) => Promise<unknown>;
  readonly expected: unknown;
}[] = [
  {
    operation: 'getInfo',
    call: (ipvs) => ipvs.getInfo(),
    expected: { version: expect.stringMatching(/^1\.2\.\d+$/) },
  },
  {
    operation: 'getTimeouts',
    call: (ipvs) => ipvs.getTimeouts(),
    expected: { tcp: 900, tcpFin: 120, udp: 300 },
  },
  {
    operation: 'reconcile',
    call: (ipvs) => ipvs.reconcile({ services: [] }, { prune: true }),
    expected: { changes: [], draining: [] },
  },
  { operation: 'setTimeouts', call: (ipvs) => ipvs.setTimeouts({ tcp: 900 }), expected: undefined },
  { operation: 'listSyncDaemons', call: (ipvs) => ipvs.listSyncDaemons(), expected: [] },
  {
    operation: 'startSyncDaemon',
    call: (ipvs) => ipvs.startSyncDaemon({ role: 'backup', interface: 'lo' }),
    expected: undefined,
  },
  {
    operation: 'stopSyncDaemon',
    call: (ipvs) => ipvs.stopSyncDaemon('backup', { ifRunning: true }),
    expected: false,
  },
];

describe.runIf(isOwnKernel)('after the module is loaded again', () => {
  test.each(rows)('%j works again', async (call) => {
    await unload();
    run('modprobe', ['ip_vs']);
    expect(await outcomeOf(fixture.ipvs, call)).toEqual(new Table().outcomeOf(call));
  });

  test.each(others)('$operation works again', async ({ call, expected: answer }) => {
    await unload();
    run('modprobe', ['ip_vs']);
    expect([await call(fixture.ipvs)]).toMatchObject([answer]);
  });

  test('concurrent calls work again in order', async () => {
    await unload();
    run('modprobe', ['ip_vs']);
    const table = new Table();
    const batch = [...calls.toReversed(), ...calls, ...calls];
    const outcomes = await Promise.all(batch.map((call) => outcomeOf(fixture.ipvs, call)));
    expect(outcomes).toEqual(batch.map((call) => table.outcomeOf(call)));
  });

  test('activity() counts what was sent again', async () => {
    await unload();
    run('modprobe', ['ip_vs']);
    const before = fixture.ipvs.activity();
    await fixture.ipvs.getInfo();
    const { repeatedRequests, lostReplies } = fixture.ipvs.activity();
    expect(repeatedRequests).toBe(before.repeatedRequests + 1);
    expect(lostReplies).toBe(before.lostReplies);
  });

  test('a handle makes the kernel load the module', async () => {
    await unload();
    await fixture.ipvs.addService(service);
    await fixture.ipvs.addDestination(tcp, server);
    expect(fixture.namespace.saved()).toHaveLength(2);
  });
});

describe.runIf(isOwnKernel)('an error names the program that loads no modules', () => {
  const modprobe = readFileSync(MODPROBE, 'utf8');
  const isNamed = (name: string, loader: string) =>
    expect.stringMatching(
      `module ${name} is on disk, but the kernel could not load it by ${loader} \\(kernel.modprobe\\)`,
    );
  beforeEach(unload);
  afterEach(() => writeFileSync(MODPROBE, modprobe));

  test.each(['/nonexistent/modprobe', '/bin/false'])('in kernel.modprobe: %s', async (loader) => {
    run('modprobe', ['--all', 'ip_vs', 'ip_vs_wlc']);
    writeFileSync(MODPROBE, loader);
    const engine = { persistence: { engine: 'sip' } };
    const udp = { ...service, protocol: 'udp' } as const;
    for (const [config, module] of [
      [{ ...service, scheduler: 'mh' }, 'ip_vs_mh'],
      [{ ...udp, scheduler: 'wlc', ...engine }, 'ip_vs_pe_sip'],
      [{ ...udp, scheduler: 'mh', ...engine }, 'ip_vs_mh'],
      [{ ...udp, scheduler: 'mh', ...engine }, 'ip_vs_pe_sip'],
    ] as const) {
      const refusal = { code: 'ENOENT', message: isNamed(module, loader) };
      await expect(fixture.ipvs.addService(config)).rejects.toMatchObject(refusal);
      expect(() => fixture.ipvs.sync.addService(config)).toThrow(expect.objectContaining(refusal));
    }
    await unloadModules();
    const absence = { code: 'ERR_IPVS_UNAVAILABLE', message: isNamed('ip_vs', loader) };
    await expect(fixture.ipvs.listServices()).rejects.toMatchObject(absence);
    await expect(Ipvs.open()).rejects.toMatchObject(absence);
  });
});

describe.runIf(isOwnKernel)('while the module is absent', () => {
  const modprobe = readFileSync(MODPROBE, 'utf8');
  const unavailable = {
    name: 'IpvsError',
    code: 'ERR_IPVS_UNAVAILABLE',
    message: expect.stringMatching(
      /module ip_vs is on disk, but .* by \/bin\/false .*modprobe ip_vs/,
    ),
  };

  beforeEach(async () => {
    await unload();
    writeFileSync(MODPROBE, '/bin/false');
  });
  afterEach(() => writeFileSync(MODPROBE, modprobe));

  test.each(rows)('%j fails with ERR_IPVS_UNAVAILABLE', async (call) => {
    const [operation] = call;
    await expect(invoke(fixture.ipvs, call)).rejects.toMatchObject({ ...unavailable, operation });
  });

  test.each(others)('$operation fails with ERR_IPVS_UNAVAILABLE', async ({ operation, call }) => {
    await expect(call(fixture.ipvs)).rejects.toMatchObject({ ...unavailable, operation });
  });

  test('open() fails with ERR_IPVS_UNAVAILABLE', async () => {
    const target = fixture.namespace.path;
    for (const options of [{}, { netns: target }]) {
      const opening = Ipvs.open(options);
      await expect(opening).rejects.toMatchObject({ ...unavailable, operation: 'open' });
    }
  });

  test('the handle works again once the module can be loaded', async () => {
    const both = () =>
      Promise.allSettled([fixture.ipvs.listServices(), fixture.ipvs.addService(service)]);
    expect(await both()).toMatchObject([{ reason: unavailable }, { reason: unavailable }]);
    writeFileSync(MODPROBE, modprobe);
    expect(await both()).toMatchObject([{ value: [] }, { value: undefined }]);
    // ENOENT means again what it says.
    const destination = fixture.ipvs.deleteDestination(tcp, server);
    await expect(destination).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
