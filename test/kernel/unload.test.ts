// The module of IPVS is taken out of the kernel under open handles. Only where the kernel is the test's own.
import { readFileSync, writeFileSync } from 'node:fs';
import { Ipvs } from 'ipvs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Call, invoke, outcomeOf, Table } from './helpers/model/table.js';
import { isOwnKernel, unloadModules } from './helpers/modules.js';
import { run } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

if (!isOwnKernel) {
  console.warn(
    'unload.test.ts is left out: it unloads ip_vs, and this kernel is not ours. Run it with --kernel 6.1',
  );
}

const fixture = useNamespace();
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

const others: readonly (readonly [string, (ipvs: Ipvs) => Promise<unknown>, unknown])[] = [
  ['getInfo', (ipvs) => ipvs.getInfo(), { version: expect.stringMatching(/^1\.2\.\d+$/) }],
  ['getTimeouts', (ipvs) => ipvs.getTimeouts(), { tcp: 900, tcpFin: 120, udp: 300 }],
  ['setTimeouts', (ipvs) => ipvs.setTimeouts({ tcp: 900 }), undefined],
  ['listSyncDaemons', (ipvs) => ipvs.listSyncDaemons(), []],
  [
    'startSyncDaemon',
    (ipvs) => ipvs.startSyncDaemon({ role: 'backup', interface: 'lo' }),
    undefined,
  ],
  ['stopSyncDaemon', (ipvs) => ipvs.stopSyncDaemon('backup', { ifRunning: true }), false],
];

describe.runIf(isOwnKernel)('the module is loaded anew', () => {
  test.each(rows)('%j finds it again', async (call) => {
    await unload();
    run('modprobe', ['ip_vs']);
    expect(await outcomeOf(fixture.ipvs, call)).toEqual(new Table().outcomeOf(call));
  });

  test.each(others)('%s finds it again', async (_, call, answer) => {
    await unload();
    run('modprobe', ['ip_vs']);
    expect([await call(fixture.ipvs)]).toMatchObject([answer]);
  });

  test('a batch finds it again, and keeps its order', async () => {
    await unload();
    run('modprobe', ['ip_vs']);
    const table = new Table();
    const batch = [...calls.toReversed(), ...calls, ...calls];
    const outcomes = await Promise.all(batch.map((call) => outcomeOf(fixture.ipvs, call)));
    expect(outcomes).toEqual(batch.map((call) => table.outcomeOf(call)));
  });

  test('the kernel loads it for a handle that needs it', async () => {
    await unload();
    await fixture.ipvs.addService(service);
    await fixture.ipvs.addDestination(tcp, server);
    expect(fixture.namespace.saved()).toHaveLength(2);
  });
});

describe.runIf(isOwnKernel)('a program that loads no modules is named', () => {
  const modprobe = readFileSync(MODPROBE, 'utf8');
  const isNamed = (name: string, loader: string) =>
    expect.stringMatching(
      `module ${name} is on disk, but the kernel could not load it by ${loader} \\(kernel.modprobe\\)`,
    );
  beforeEach(unload);
  afterEach(() => writeFileSync(MODPROBE, modprobe));

  test.each(['/nonexistent/modprobe', '/bin/false'])('%s', async (loader) => {
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

describe.runIf(isOwnKernel)('the module is gone', () => {
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

  test.each(rows)('%j says so', async (call) => {
    const [operation] = call;
    await expect(invoke(fixture.ipvs, call)).rejects.toMatchObject({ ...unavailable, operation });
  });

  test.each(others)('%s says so', async (operation, call) => {
    await expect(call(fixture.ipvs)).rejects.toMatchObject({ ...unavailable, operation });
  });

  test('open says so', async () => {
    const target = fixture.namespace.path;
    for (const options of [{}, { netns: target }]) {
      const opening = Ipvs.open(options);
      await expect(opening).rejects.toMatchObject({ ...unavailable, operation: 'open' });
    }
  });

  test('the handle works again once it is back', async () => {
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
