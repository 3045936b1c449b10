import fc from 'fast-check';
import type { Persistence, ServiceChanges, ServiceConfig } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { savedService } from './ipvsadm.js';
import { changeService, makeService, nameOfService } from './model.js';
import { useNamespace } from './namespace.js';
import { rawServices } from './raw.js';

const lab = useNamespace();

beforeEach(() => lab.ipvs.flush());

const address = { protocol: 'udp', address: '10.96.0.1', port: 53 } as const;
const service = 'udp://10.96.0.1:53';
const full: ServiceConfig = {
  ...address,
  scheduler: 'sh',
  schedulerFlags: ['sh-port', 'flag-3'],
  persistence: { timeout: 100, netmask: 24, engine: 'sip' },
  onePacket: true,
};

describe('update', () => {
  test.each([
    {},
    { scheduler: 'sh' },
    { scheduler: 'rr' },
    { scheduler: 'mh' },
    { scheduler: 'mh', schedulerFlags: ['mh-port'] },
    { schedulerFlags: [] },
    { schedulerFlags: ['sh-fallback'] },
    { onePacket: false },
    { persistence: null },
    { persistence: {} },
    { persistence: { timeout: 5 } },
    { persistence: { netmask: '255.0.0.0' } },
    { persistence: { engine: null } },
    { persistence: null, onePacket: false, schedulerFlags: [] },
    {
      scheduler: undefined,
      schedulerFlags: undefined,
      persistence: undefined,
      onePacket: undefined,
    },
  ] satisfies ServiceChanges[])('to %o keeps the rest', async (changes) => {
    const after = changeService(makeService(full), changes);
    await lab.ipvs.addService(full);
    expect(await lab.ipvs.updateService(service, changes)).toBeUndefined();
    expect(await lab.ipvs.getService(service)).toEqual(after);
    expect(lab.namespace.saved()).toEqual([savedService(after)]);
  });

  test('keeps what ipvsadm -E resets', async () => {
    await lab.ipvs.addService(full);
    await lab.ipvs.updateService(service, { onePacket: false });
    const kept = { ...makeService(full), onePacket: false };
    expect(await lab.ipvs.getService(service)).toEqual(kept);
    lab.namespace.restore(['-E -u 10.96.0.1:53 -o']);
    const reset = makeService({ ...address, onePacket: true });
    expect(await lab.ipvs.getService(service)).toEqual(reset);
  });

  test('keeps the destinations', async () => {
    await lab.ipvs.addService(full);
    await lab.ipvs.addDestination(service, { address: '10.0.0.1', weight: 3 });
    const before = await lab.ipvs.listDestinations(service);
    await lab.ipvs.updateService(service, { scheduler: 'rr', persistence: null });
    expect(await lab.ipvs.listDestinations(service)).toEqual(before);
  });

  test('persistence that begins anew has the defaults again', async () => {
    await lab.ipvs.addService(full);
    await lab.ipvs.updateService(service, { persistence: null });
    await lab.ipvs.updateService(service, { persistence: {} });
    expect(await lab.ipvs.getService(service)).toMatchObject({
      persistence: { timeout: 300, netmask: '255.255.255.255', engine: null } satisfies Persistence,
    });
  });

  test.each([
    ['to flags of another scheduler', { schedulerFlags: ['mh-port'] }],
    ['to a missing scheduler', { scheduler: 'no-such-one' }],
    ['to a missing engine', { persistence: { engine: 'no-such-one' } }],
  ] satisfies [string, ServiceChanges][])('%s changes nothing', async (_, changes) => {
    await lab.ipvs.addService(full);
    await expect(
      lab.ipvs.updateService(service, { ...changes, onePacket: false }),
    ).rejects.toThrow();
    expect(await lab.ipvs.getService(service)).toEqual(makeService(full));
  });

  test('of the same service many times at once loses none', async () => {
    await lab.ipvs.addService(full);
    const rounds = Array.from({ length: 50 }, (_, index) => [
      lab.ipvs.updateService(service, { persistence: { timeout: 200 + index } }),
      lab.ipvs.updateService(service, { onePacket: index % 2 === 0 }),
      lab.ipvs.getService(service),
      lab.ipvs.updateService(service, { persistence: { netmask: index % 32 } }),
    ]);
    const answers = await Promise.all(rounds.map((round) => Promise.all(round)));
    const seen = answers.map(([, , got]) => got);
    let expected = makeService(full);
    const wanted = Array.from({ length: 50 }, (_, index) => {
      const persistence = { timeout: 200 + index };
      const now = changeService(expected, { persistence, onePacket: index % 2 === 0 });
      expected = changeService(now, { persistence: { netmask: index % 32 } });
      return now;
    });
    expect(seen).toEqual(wanted);
    expect(await lab.ipvs.getService(service)).toEqual(expected);
  });
});

const anyChanges = (family: 'ipv4' | 'ipv6') => {
  const netmask =
    family === 'ipv6'
      ? fc.integer({ min: 1, max: 128 })
      : fc.oneof(fc.integer({ min: 0, max: 32 }), fc.ipV4());
  const persistence = fc.record(
    {
      timeout: fc.integer({ min: 1, max: 2678400 }),
      netmask,
      engine: fc.constantFrom('sip', null),
    },
    { requiredKeys: [] },
  );
  const withFlags = fc
    .constantFrom('rr', 'wlc', 'sh', 'mh')
    .chain((scheduler) => {
      const own = ['sh', 'mh'].includes(scheduler)
        ? [`${scheduler}-port`, `${scheduler}-fallback`]
        : [];
      const schedulerFlags = fc.subarray(['flag-1', 'flag-2', 'flag-3', ...own]);
      return fc.record({ scheduler: fc.constant(scheduler), schedulerFlags }, { requiredKeys: [] });
    })
    .filter(
      ({ scheduler, schedulerFlags }) =>
        scheduler !== undefined || !schedulerFlags?.some((flag) => !flag.startsWith('flag')),
    );
  return (
    fc
      .tuple(
        withFlags,
        fc.record(
          { persistence: fc.option(persistence), onePacket: fc.boolean() },
          { requiredKeys: [] },
        ),
      )
      // The flags are known ones.
      .map((parts): ServiceChanges => Object.assign({}, ...parts) as ServiceChanges)
  );
};

test.each([
  address,
  { ...address, address: 'fd00::1' },
  { fwmark: 7 },
  { fwmark: 7, family: 'ipv6' as const },
])(
  'any changes of %o, one after the other or all at once, are what the model makes of them',
  async (name) => {
    const family = makeService(name).family;
    const all = fc.tuple(
      anyChanges(family),
      fc.array(anyChanges(family), { maxLength: 6 }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(all, async ([first, rest, together]) => {
        await lab.ipvs.flush();
        await lab.ipvs.addService({ ...name, ...first });
        const pending: Promise<void>[] = [];
        for (const changes of rest) {
          pending.push(lab.ipvs.updateService(nameOfService(name), changes));
          if (!together) await pending.at(-1);
        }
        await Promise.all(pending);
        const expected = rest.reduce(changeService, makeService({ ...name, ...first }));
        expect(await lab.ipvs.getService(name)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  },
);

describe('ensure', () => {
  test('makes what is missing, and resets what is left out', async () => {
    expect(await lab.ipvs.ensureService(full)).toBe('created');
    expect(await lab.ipvs.getService(service)).toEqual(makeService(full));
    await lab.ipvs.addDestination(service, { address: '10.0.0.1' });
    expect(await lab.ipvs.ensureService(address)).toBe('updated');
    expect(await lab.ipvs.getService(service)).toEqual(makeService(address));
    expect(await lab.ipvs.listDestinations(service)).toHaveLength(1);
  });

  test('a missing service, its destinations, and others, all at once and in order', async () => {
    const { ipvs } = lab;
    await ipvs.addService({ fwmark: 7, scheduler: 'rr' });
    await ipvs.addDestination('fwmark://7', { address: '10.0.0.9' });
    const ensured = await Promise.all([
      ipvs.ensureService(full),
      ipvs.ensureDestination(service, { address: '10.0.0.1' }),
      ipvs.ensureDestination('fwmark://7', { address: '10.0.0.9', weight: 9 }),
      ipvs.ensureDestination(service, { address: '10.0.0.2' }),
      ipvs.ensureService({ fwmark: 7, scheduler: 'wrr' }),
      ipvs.ensureDestination(service, { address: '10.0.0.1', weight: 5 }),
      ipvs.ensureService({ ...address, scheduler: 'rr' }),
      ipvs.ensureService({ fwmark: 8 }),
    ]);
    expect(ensured).toEqual([
      'created',
      'created',
      'updated',
      'created',
      'updated',
      'updated',
      'updated',
      'created',
    ]);
    expect(lab.namespace.saved()).toEqual([
      '-A -f 7 -s wrr',
      '-A -f 8 -s wlc',
      '-A -u 10.96.0.1:53 -s rr',
      '-a -f 7 -r 10.0.0.9:0 -g -w 9',
      '-a -u 10.96.0.1:53 -r 10.0.0.1:53 -g -w 5',
      '-a -u 10.96.0.1:53 -r 10.0.0.2:53 -g -w 1',
    ]);
  });

  test('a destination before its service is missing, as it would be one by one', async () => {
    const settled = await Promise.allSettled([
      lab.ipvs.ensureDestination(service, { address: '10.0.0.1' }),
      lab.ipvs.ensureService(address),
      lab.ipvs.ensureDestination(service, { address: '10.0.0.2' }),
    ]);
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code: 'ESRCH' } },
      { value: 'created' },
      { value: 'created' },
    ]);
  });

  test('a service that fails does not stop the others', async () => {
    const settled = await Promise.allSettled([
      lab.ipvs.ensureService({ ...address, scheduler: 'no-such-one' }),
      lab.ipvs.ensureDestination(service, { address: '10.0.0.1' }),
      lab.ipvs.ensureService({ fwmark: 8 }),
    ]);
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code: 'ENOENT' } },
      { status: 'rejected', reason: { code: 'ESRCH' } },
      { value: 'created' },
    ]);
    expect(lab.namespace.saved()).toEqual(['-A -f 8 -s wlc']);
  });
});

test('IPv4 and IPv6 services share a mark', async () => {
  await lab.ipvs.addService({ fwmark: 7, scheduler: 'rr' });
  await lab.ipvs.addService({ fwmark: 7, family: 'ipv6', scheduler: 'sh' });
  expect(lab.namespace.saved()).toEqual(['-A -f 7 -6 -s sh', '-A -f 7 -s rr']);
  await lab.ipvs.deleteService('fwmark6://7');
  expect(lab.namespace.saved()).toEqual(['-A -f 7 -s rr']);
});

test('delete takes a service with its destinations, once', async () => {
  await lab.ipvs.addService(full);
  await lab.ipvs.addService({ ...address, protocol: 'tcp' });
  await lab.ipvs.addDestination(service, { address: '10.0.0.1' });
  expect(await lab.ipvs.deleteService(service)).toBe(true);
  expect(lab.namespace.saved()).toEqual(['-A -t 10.96.0.1:53 -s wlc']);
  expect(await lab.ipvs.deleteService(service, { ifExists: true })).toBe(false);
  await expect(lab.ipvs.deleteService(service)).rejects.toMatchObject({ code: 'ESRCH' });
});

test("the kernel's own flag is in no record, and no update sets or clears it", async () => {
  await lab.ipvs.addService(full);
  await lab.ipvs.updateService(service, { persistence: null });
  await lab.ipvs.addService({ fwmark: 7 });
  const raw = await rawServices(lab.namespace);
  const flags = Object.fromEntries(raw.map((each) => [each.fwmark, each.flags]));
  expect(flags).toEqual({ 0: 0x34, 7: 0 });
});

test('getInfo tells the version, and the size of the table', async () => {
  await lab.ipvs.addService(full);
  const listing = lab.namespace.ipvsadm('-L', '-n');
  const { version, connectionTableSize } = await lab.ipvs.getInfo();
  expect(listing).toContain(`IP Virtual Server version ${version} (size=${connectionTableSize})`);
  expect(connectionTableSize).toBeGreaterThan(0);
});
