import type { PersistenceConfig, Scheduler, SchedulerFlag, ServiceConfig } from 'ipvs';
import { describe, expect, test } from 'vitest';
import { addingService, savedService } from './helpers/ipvsadm.js';
import {
  makeService,
  nameOfService,
  type ServiceName,
  sortServices,
} from './helpers/model/objects.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf'];
const someFlags: readonly SchedulerFlag[][] = [[], ['flag-1'], ['flag-3', 'flag-2']];
const flagsOf: ReadonlyMap<Scheduler, readonly SchedulerFlag[][]> = new Map([
  ...[...schedulers, 'none'].map((scheduler) => [scheduler, someFlags] as const),
  ['sh', [[], ['sh-fallback'], ['sh-port'], ['sh-port', 'sh-fallback'], ['flag-3', 'flag-1']]],
  ['mh', [[], ['mh-fallback'], ['mh-port'], ['mh-fallback', 'mh-port'], ['flag-2', 'flag-3']]],
]);

const everywhere: readonly (PersistenceConfig | null)[] = [null, {}, { timeout: 1 }];
const longest = 2678400;
const netmasks = {
  ipv4: ['255.255.255.0', '255.0.255.1', 0, 1, 24, 32],
  ipv6: [1, 64, 127, 128],
};

interface Kind {
  readonly title: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly onePacket: readonly boolean[];
  readonly engines: readonly PersistenceConfig[];
  name(index: number): ServiceName;
}

const addresses = {
  ipv4: ['10.96.0.1', '240.0.0.1'],
  ipv6: ['fd00::1', '::ffff:10.1.2.3', '::1:2'],
};
/** Marks on both sides of 2^31, where they turn negative in ipvsadm. */
const marks = [1, 2 ** 31 - 200, 2 ** 32 - 10_000];

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const kinds = (['ipv4', 'ipv6'] as const).flatMap((family): Kind[] => [
  ...(['tcp', 'udp', 'sctp'] as const).map((protocol) => ({
    title: `${protocol}, ${family}`,
    family,
    onePacket: protocol === 'udp' ? [false, true] : [false],
    engines: protocol === 'udp' ? [{ engine: 'sip' }, { engine: 'sip', timeout: 60 }] : [],
    name: (index: number) => ({
      protocol,
      address: pick(addresses[family], index),
      port: 1 + index * 17,
    }),
  })),
  {
    title: `firewall marks, ${family}`,
    family,
    onePacket: [false, true],
    engines: [],
    name: (index) => ({ fwmark: pick(marks, index) + index, family }),
  },
]);

/** Every combination that there can be, each with a name of its own. */
function configsOf(kind: Kind): ServiceConfig[] {
  const masks = netmasks[kind.family].map((netmask) => ({ timeout: longest, netmask }));
  const configs: ServiceConfig[] = [];
  for (const [scheduler, combinations] of flagsOf) {
    for (const schedulerFlags of combinations) {
      for (const persistence of [...everywhere, ...masks, ...kind.engines]) {
        for (const onePacket of kind.onePacket) {
          const settings = { scheduler, schedulerFlags, persistence, onePacket };
          configs.push({ ...kind.name(configs.length), ...settings });
        }
      }
    }
  }
  return configs;
}

describe.each(kinds)('$title', (kind) => {
  const configs = configsOf(kind);
  const services = configs.map(makeService);

  /** Expects the library to read exactly `services`, whichever way it is asked. */
  async function expectRead(): Promise<void> {
    const { ipvs } = fixture;
    const listed = await ipvs.listServices();
    expect(sortServices(listed)).toEqual(sortServices(services));
    const got = services.map((service, index) =>
      ipvs.getService(index % 2 === 0 ? service : nameOfService(service)),
    );
    expect(await Promise.all(got)).toEqual(services);
    const bare = services.map((service) => ({ ...service, destinations: [] }));
    expect(sortServices((await ipvs.snapshot()).services)).toEqual(sortServices(bare));
  }

  test('written by the library are read by it and by ipvsadm', async () => {
    await fixture.ipvs.flush();
    await Promise.all(configs.map((config) => fixture.ipvs.addService(config)));
    await expectRead();
    expect(fixture.namespace.saved()).toEqual(services.map(savedService).sort());
  });

  test('written by ipvsadm are read by the library', async () => {
    await fixture.ipvs.flush();
    fixture.namespace.restore(services.map(addingService));
    await expectRead();
  });

  test('returned by the library are accepted as configuration', async () => {
    await fixture.ipvs.flush();
    await Promise.all(services.map((service) => fixture.ipvs.addService(service)));
    await expectRead();
  });
});

test('the defaults of services are those of ipvsadm, apart from the persistence timeout', async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
  await fixture.ipvs.addService({ fwmark: 7 });
  fixture.namespace.restore(['-A -t 10.96.0.2:80', '-A -f 8', '-A -f 9 -p']);
  const [own, mark, ipvsadms, ipvsadmsMark, persistent] = await Promise.all(
    ['tcp://10.96.0.1:80', 'fwmark://7', 'tcp://10.96.0.2:80', 'fwmark://8', 'fwmark://9'].map(
      (name) => fixture.ipvs.getService(name),
    ),
  );
  expect({ ...ipvsadms, address: '10.96.0.1' }).toEqual(own);
  expect({ ...ipvsadmsMark, fwmark: 7 }).toEqual(mark);
  expect(persistent?.persistence).toEqual({
    timeout: 360,
    netmask: '255.255.255.255',
    engine: null,
  });
});

/** True if ipvsadm can add a service with this scheduler. */
function hasScheduler(scheduler: string): boolean {
  try {
    fixture.namespace.ipvsadm('-A', '-t', '10.96.0.9:1', '-s', scheduler);
    return true;
  } catch {
    return false;
  }
}

test.each(['twos', 'no-such-one'])(
  "scheduler '%s' is there for the library if it is for ipvsadm",
  async (scheduler) => {
    const service = { protocol: 'tcp', address: '10.96.0.9', port: 1, scheduler } as const;
    const there = hasScheduler(scheduler);
    await fixture.ipvs.deleteService(service, { ifExists: true });
    const added = fixture.ipvs.addService(service);
    if (there) return expect(await added).toBeUndefined();
    await expect(added).rejects.toMatchObject({
      code: 'ENOENT',
      target: 'tcp://10.96.0.9:1',
      message: expect.stringContaining(
        `'${scheduler}' is not available: the kernel has no module ip_vs_${scheduler}`,
      ),
    });
  },
);
