// Lists that the kernel returns in several messages, while its tables change.
import { Ipvs } from 'ipvs';
import { beforeEach, expect, test } from 'vitest';
import { AF_INET } from '../../lib/core/address.js';
import { layout } from '../../lib/native/layout.js';
import { nameOfService } from './helpers/model/objects.js';
import { rawDestinations } from './helpers/raw-requests.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const SERVICES = 1000;
const marks = Array.from({ length: SERVICES }, (_, index) => 1 + index);
const add = (ipvs: Ipvs) =>
  Promise.all(marks.map((fwmark) => ipvs.addService({ fwmark, scheduler: 'rr' })));

test('listServices misses no service while the kernel resizes its table', async () => {
  // Linux 7 does it some milliseconds after services were added. In about every other round, a list is
  // in flight at that moment.
  const ROUNDS = 16;
  const WITHIN = 60;
  const seen = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    await fixture.ipvs.flush();
    await add(fixture.ipvs);
    for (const end = Date.now() + WITHIN; Date.now() < end; ) {
      seen.add((await fixture.ipvs.listServices()).length);
    }
  }
  expect([...seen]).toEqual([SERVICES]);
});

test('listDestinations returns thousands of destinations, newest first', async () => {
  const service = { fwmark: 1, scheduler: 'rr' };
  const hosts = Array.from({ length: 5000 }, (_, index) => `10.3.${index >> 8}.${index & 255}`);
  await fixture.ipvs.addService(service);
  await Promise.all(hosts.map((address) => fixture.ipvs.addDestination(service, { address })));
  const listed = await fixture.ipvs.listDestinations(service);
  expect(listed.map(({ address }) => address)).toEqual(hosts.toReversed());
  const { services } = await fixture.ipvs.snapshot();
  expect(services).toMatchObject([{ fwmark: 1 }]);
  expect(services[0]?.destinations).toEqual(listed);
});

test('lists under concurrent changes have no duplicates and no invented objects', async () => {
  const { ipvs, namespace } = fixture;
  const writer = await Ipvs.open({ netns: namespace.path });
  await add(ipvs);
  const others = marks.slice(0, 300).map((mark) => ({ fwmark: 10_000 + mark }));
  const possible = new Set([...marks.map((fwmark) => ({ fwmark })), ...others].map(nameOfService));
  let writing = true;
  const churn = (async () => {
    while (writing) {
      await Promise.all(others.map((service) => writer.ensureService(service)));
      await Promise.all(others.map((service) => writer.deleteService(service)));
    }
  })();
  for (let round = 0; round < 40; round++) {
    const names = (await ipvs.listServices()).map(nameOfService);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !possible.has(name))).toEqual([]);
  }
  writing = false;
  await churn;
  expect(await ipvs.listServices()).toHaveLength(SERVICES);
  await writer.close();
});

test('lists of every length are complete, at once and again', async () => {
  // They lie in memory that is used again, where there is room.
  const lengths = [0, 1, 300, 2, 2500, 40, 3, 1200];
  const services = lengths.map((_, index) => ({ fwmark: 1 + index, scheduler: 'rr' }));
  const address = (service: number, index: number) => `10.${service}.${index >> 8}.${index & 255}`;
  const { ipvs } = fixture;
  await ipvs.batch((batch) => {
    for (const [index, service] of services.entries()) {
      batch.addService(service);
      for (let each = 0; each < (lengths[index] ?? 0); each++) {
        batch.addDestination(service, { address: address(index, each) });
      }
    }
  });
  const expected = lengths.map((length, index) =>
    Array.from({ length }, (_, each) => address(index, length - 1 - each)),
  );
  const named = (list: readonly { readonly address: string }[]) => list.map((each) => each.address);
  for (let round = 0; round < 4; round++) {
    const lists = Promise.all(services.map((service) => ipvs.listDestinations(service)));
    const snapshots = Promise.all([ipvs.snapshot(), ipvs.snapshot()]);
    const alone = services.map((service) => ipvs.sync.listDestinations(service));
    const settled = await ipvs.batch((batch) => {
      for (const service of services) batch.listDestinations(service);
    });
    expect((await lists).map(named)).toEqual(expected);
    expect(alone.map(named)).toEqual(expected);
    expect(settled.map((each) => each.status === 'fulfilled' && each.value)).toEqual(await lists);
    // One by one, most fit into the memory of those before.
    for (const [index, service] of services.entries()) {
      const one = ipvs.listDestinations(service);
      const other = ipvs.sync.listDestinations(services.at(-1 - index) ?? service);
      await Promise.resolve();
      const next = ipvs.listDestinations(services.at(-1 - index) ?? service);
      expect(named(await one)).toEqual(expected[index]);
      expect(named(other)).toEqual(expected.at(-1 - index));
      expect(named(await next)).toEqual(expected.at(-1 - index));
    }
    for (const snapshot of await snapshots) {
      const sorted = snapshot.services.toSorted((a, b) => (a.fwmark ?? 0) - (b.fwmark ?? 0));
      expect(sorted.map(({ destinations }) => named(destinations))).toEqual(expected);
    }
  }
});

test('destinations reuse the memory of an earlier list only if all fit', async () => {
  const { ipvs, namespace } = fixture;
  const service = { fwmark: 1, scheduler: 'rr' };
  await ipvs.addService(service);
  for (const address of ['10.3.0.1', '10.3.0.2', '10.3.0.3']) {
    await ipvs.addDestination(service, { address });
  }
  const key = { family: AF_INET, fwmark: 1 };
  const bytes = (await rawDestinations(namespace, key)).byteLength;
  expect(bytes).toBe(3 * layout.destinationEntry.size);
  for (const room of [bytes, bytes + 4]) {
    const memory = new ArrayBuffer(room);
    expect(await rawDestinations(namespace, key, memory)).toBe(memory);
  }
  for (const room of [0, 4, bytes - 4]) {
    const memory = new ArrayBuffer(room);
    const listed = await rawDestinations(namespace, key, memory);
    expect(listed).not.toBe(memory);
    expect(listed.byteLength).toBe(bytes);
    expect(new Uint8Array(memory)).toEqual(new Uint8Array(room));
  }
});
