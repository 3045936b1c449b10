import fc from 'fast-check';
import type { Persistence, ServiceChanges, ServiceConfig } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { savedService } from './helpers/ipvsadm.js';
import { changeService, makeService, nameOfService } from './helpers/model/objects.js';
import { rawServices } from './helpers/raw-requests.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const address = { protocol: 'udp', address: '10.96.0.1', port: 53 } as const;
const service = 'udp://10.96.0.1:53';
const full: ServiceConfig = {
  ...address,
  scheduler: 'sh',
  schedulerFlags: ['sh-port', 'flag-3'],
  persistence: { timeout: 100, netmask: 24, engine: 'sip' },
  onePacket: true,
};

describe('updateService', () => {
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
  ] satisfies ServiceChanges[])('changes only %o', async (changes) => {
    const after = changeService(makeService(full), changes);
    await fixture.ipvs.addService(full);
    expect(await fixture.ipvs.updateService(service, changes)).toBeUndefined();
    expect(await fixture.ipvs.getService(service)).toEqual(after);
    expect(fixture.namespace.saved()).toEqual([savedService(after)]);
  });

  test('keeps settings that ipvsadm -E resets', async () => {
    await fixture.ipvs.addService(full);
    await fixture.ipvs.updateService(service, { onePacket: false });
    const kept = { ...makeService(full), onePacket: false };
    expect(await fixture.ipvs.getService(service)).toEqual(kept);
    fixture.namespace.restore(['-E -u 10.96.0.1:53 -o']);
    const reset = makeService({ ...address, onePacket: true });
    expect(await fixture.ipvs.getService(service)).toEqual(reset);
  });

  test('keeps the destinations', async () => {
    await fixture.ipvs.addService(full);
    await fixture.ipvs.addDestination(service, { address: '10.0.0.1', weight: 3 });
    const before = await fixture.ipvs.listDestinations(service);
    await fixture.ipvs.updateService(service, { scheduler: 'rr', persistence: null });
    expect(await fixture.ipvs.listDestinations(service)).toEqual(before);
  });

  test('gives persistence that is added again its defaults', async () => {
    await fixture.ipvs.addService(full);
    await fixture.ipvs.updateService(service, { persistence: null });
    await fixture.ipvs.updateService(service, { persistence: {} });
    expect(await fixture.ipvs.getService(service)).toMatchObject({
      persistence: { timeout: 300, netmask: '255.255.255.255', engine: null } satisfies Persistence,
    });
  });

  test.each([
    { problem: 'to flags of another scheduler', changes: { schedulerFlags: ['mh-port'] } },
    { problem: 'to a missing scheduler', changes: { scheduler: 'no-such-one' } },
    { problem: 'to a missing engine', changes: { persistence: { engine: 'no-such-one' } } },
  ] satisfies { readonly problem: string; readonly changes: ServiceChanges }[])(
    'changes nothing if it is $problem',
    async ({ changes }) => {
      await fixture.ipvs.addService(full);
      await expect(
        fixture.ipvs.updateService(service, { ...changes, onePacket: false }),
      ).rejects.toThrow();
      expect(await fixture.ipvs.getService(service)).toEqual(makeService(full));
    },
  );

  test('applies many concurrent changes of one service', async () => {
    await fixture.ipvs.addService(full);
    const rounds = Array.from({ length: 50 }, (_, index) => [
      fixture.ipvs.updateService(service, { persistence: { timeout: 200 + index } }),
      fixture.ipvs.updateService(service, { onePacket: index % 2 === 0 }),
      fixture.ipvs.getService(service),
      fixture.ipvs.updateService(service, { persistence: { netmask: index % 32 } }),
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
    expect(await fixture.ipvs.getService(service)).toEqual(expected);
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
  'any changes of %o have the result of the model, sequentially and concurrently',
  async (name) => {
    const family = makeService(name).family;
    const all = fc.tuple(
      anyChanges(family),
      fc.array(anyChanges(family), { maxLength: 6 }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(all, async ([first, rest, together]) => {
        await fixture.ipvs.flush();
        await fixture.ipvs.addService({ ...name, ...first });
        const pending: Promise<void>[] = [];
        for (const changes of rest) {
          pending.push(fixture.ipvs.updateService(nameOfService(name), changes));
          if (!together) await pending.at(-1);
        }
        await Promise.all(pending);
        const expected = rest.reduce(changeService, makeService({ ...name, ...first }));
        expect(await fixture.ipvs.getService(name)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  },
);

describe('ensureService', () => {
  test('creates missing services and resets settings that are left out', async () => {
    expect(await fixture.ipvs.ensureService(full)).toBe('created');
    expect(await fixture.ipvs.getService(service)).toEqual(makeService(full));
    await fixture.ipvs.addDestination(service, { address: '10.0.0.1' });
    expect(await fixture.ipvs.ensureService(address)).toBe('updated');
    expect(await fixture.ipvs.getService(service)).toEqual(makeService(address));
    expect(await fixture.ipvs.listDestinations(service)).toHaveLength(1);
  });

  test('creates a service, its destinations and others in one turn and in order', async () => {
    const { ipvs } = fixture;
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
    expect(fixture.namespace.saved()).toEqual([
      '-A -f 7 -s wrr',
      '-A -f 8 -s wlc',
      '-A -u 10.96.0.1:53 -s rr',
      '-a -f 7 -r 10.0.0.9:0 -g -w 9',
      '-a -u 10.96.0.1:53 -r 10.0.0.1:53 -g -w 5',
      '-a -u 10.96.0.1:53 -r 10.0.0.2:53 -g -w 1',
    ]);
  });

  test('does not create a service for a destination that comes before it', async () => {
    const settled = await Promise.allSettled([
      fixture.ipvs.ensureDestination(service, { address: '10.0.0.1' }),
      fixture.ipvs.ensureService(address),
      fixture.ipvs.ensureDestination(service, { address: '10.0.0.2' }),
    ]);
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code: 'ESRCH' } },
      { value: 'created' },
      { value: 'created' },
    ]);
  });

  test('continues after a service that fails', async () => {
    const settled = await Promise.allSettled([
      fixture.ipvs.ensureService({ ...address, scheduler: 'no-such-one' }),
      fixture.ipvs.ensureDestination(service, { address: '10.0.0.1' }),
      fixture.ipvs.ensureService({ fwmark: 8 }),
    ]);
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code: 'ENOENT' } },
      { status: 'rejected', reason: { code: 'ESRCH' } },
      { value: 'created' },
    ]);
    expect(fixture.namespace.saved()).toEqual(['-A -f 8 -s wlc']);
  });
});

test('IPv4 and IPv6 services can have the same mark', async () => {
  await fixture.ipvs.addService({ fwmark: 7, scheduler: 'rr' });
  await fixture.ipvs.addService({ fwmark: 7, family: 'ipv6', scheduler: 'sh' });
  expect(fixture.namespace.saved()).toEqual(['-A -f 7 -6 -s sh', '-A -f 7 -s rr']);
  await fixture.ipvs.deleteService('fwmark6://7');
  expect(fixture.namespace.saved()).toEqual(['-A -f 7 -s rr']);
});

test('deleteService deletes a service with its destinations, once', async () => {
  await fixture.ipvs.addService(full);
  await fixture.ipvs.addService({ ...address, protocol: 'tcp' });
  await fixture.ipvs.addDestination(service, { address: '10.0.0.1' });
  expect(await fixture.ipvs.deleteService(service)).toBe(true);
  expect(fixture.namespace.saved()).toEqual(['-A -t 10.96.0.1:53 -s wlc']);
  expect(await fixture.ipvs.deleteService(service, { ifExists: true })).toBe(false);
  await expect(fixture.ipvs.deleteService(service)).rejects.toMatchObject({ code: 'ESRCH' });
});

test("the kernel's internal flag is in no record and is not changed by updates", async () => {
  await fixture.ipvs.addService(full);
  await fixture.ipvs.updateService(service, { persistence: null });
  await fixture.ipvs.addService({ fwmark: 7 });
  const raw = await rawServices(fixture.namespace);
  const flags = Object.fromEntries(raw.map((each) => [each.fwmark, each.flags]));
  expect(flags).toEqual({ 0: 0x34, 7: 0 });
});

test('getInfo returns the version and the size of the table', async () => {
  await fixture.ipvs.addService(full);
  const listing = fixture.namespace.ipvsadm('-L', '-n');
  const { version, connectionTableSize } = await fixture.ipvs.getInfo();
  expect(listing).toContain(`IP Virtual Server version ${version} (size=${connectionTableSize})`);
  expect(connectionTableSize).toBeGreaterThan(0);
});
