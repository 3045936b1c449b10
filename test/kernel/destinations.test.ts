import type {
  Destination,
  DestinationConfig,
  DestinationSettings,
  Forwarding,
  TunnelConfig,
} from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { addingDestination, savedDestination } from './helpers/ipvsadm.js';
import {
  changeDestination,
  familyOf,
  isMark,
  joinPort,
  makeDestination,
  nameOfService,
  type ServiceName,
} from './helpers/model/objects.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const MAX = 2 ** 31 - 1;

beforeEach(() => fixture.ipvs.flush());

const services: readonly ServiceName[] = [
  { protocol: 'tcp', address: '10.96.0.1', port: 80 },
  { protocol: 'udp', address: 'fd00::1', port: 53 },
  { protocol: 'sctp', address: '10.96.0.1', port: 9 },
  { fwmark: 7 },
  { fwmark: 2 ** 31 + 7, family: 'ipv6' },
];

const tunnels: readonly (TunnelConfig | undefined)[] = [
  undefined,
  { type: 'ipip' },
  { type: 'gue', port: 1 },
  { type: 'gue', port: 65535, checksum: 'checksum' },
  { type: 'gue', port: 5555, checksum: 'remote-checksum' },
  { type: 'gre' },
  { type: 'gre', checksum: 'checksum' },
];
const tunneled = tunnels.map((tunnel) => ({ forwarding: 'tunnel' as const, tunnel }));
const limits = [
  {},
  { weight: 0 },
  { weight: MAX, upperThreshold: MAX, lowerThreshold: MAX },
  { weight: 65536, upperThreshold: 10 },
  { weight: 2, upperThreshold: 10, lowerThreshold: 4 },
];

/** Every combination for destinations of a family, on addresses of their own. */
function configsOf(service: ServiceName, family: 'ipv4' | 'ipv6', methods: readonly Forwarding[]) {
  const configs: DestinationConfig[] = [];
  const plain = methods.map((forwarding) => ({ forwarding }));
  const defaults = methods.includes('direct') ? [{}] : [];
  const ways: DestinationSettings[] = [...defaults, ...plain, ...tunneled];
  for (const how of ways) {
    for (const limit of limits) {
      const ports =
        how.forwarding === 'masquerade' || isMark(service) ? [undefined, 0, 8080] : [undefined];
      for (const port of ports) {
        const host = configs.length + 1;
        const address = family === 'ipv6' ? `fd00:1::${host.toString(16)}` : `10.0.1.${host}`;
        configs.push({ address, port, ...how, ...limit });
      }
    }
  }
  return configs;
}

const groups = services.flatMap((service) => {
  const own = familyOf(service);
  const other = own === 'ipv6' ? 'ipv4' : 'ipv6';
  const group = (title: string, configs: DestinationConfig[]) => ({
    title: `${title}, ${nameOfService(service)}`,
    service,
    configs,
  });
  return [
    group(
      'of its own family',
      configsOf(service, own, ['masquerade', 'direct', 'local', 'bypass']),
    ),
    group('of the other family', configsOf(service, other, [])),
  ];
});

/** The row of `ipvsadm -L --thresholds` for a destination, with single blanks. */
const thresholdRow = (destination: Destination) =>
  `-> ${joinPort(destination.address, destination.port)} ${destination.upperThreshold} ${destination.lowerThreshold} 0 0`;

const thresholdRows = () =>
  fixture.namespace
    .ipvsadm('-L', '-n', '--thresholds')
    .split('\n')
    .filter((line) => /->.*\d$/.test(line.trim()))
    .map((line) => line.trim().replace(/ +/g, ' '));

const destinationLines = () => fixture.namespace.saved().filter((line) => line.startsWith('-a '));

describe.each(groups)('destinations $title', ({ service, configs }) => {
  const made = configs.map((config) => makeDestination(service, config));

  /** Expects that every read of the library returns exactly `destinations`, newest first. */
  async function expectRead(destinations: readonly Destination[]): Promise<void> {
    const { ipvs } = fixture;
    expect(await ipvs.listDestinations(service)).toEqual(destinations);
    expect((await ipvs.snapshot()).services.map((each) => each.destinations)).toEqual([
      destinations,
    ]);
    const got = destinations.map((each) => ipvs.getDestination(nameOfService(service), each));
    expect(await Promise.all(got)).toEqual(destinations);
  }

  test('written by the library are read by it and by ipvsadm', async () => {
    await fixture.ipvs.addService(service);
    await Promise.all(configs.map((config) => fixture.ipvs.addDestination(service, config)));
    await expectRead(made.toReversed());
    expect(destinationLines()).toEqual(made.map((each) => savedDestination(service, each)).sort());
    expect(thresholdRows().sort()).toEqual(made.map(thresholdRow).sort());
  });

  test('written by ipvsadm are read by the library', async () => {
    const known = made.filter(({ forwarding }) => !['local', 'bypass'].includes(forwarding));
    await fixture.ipvs.addService(service);
    fixture.namespace.restore(known.map((each) => addingDestination(service, each)));
    await expectRead(known.toReversed());
  });

  test('returned by the library are accepted as configuration', async () => {
    await fixture.ipvs.addService(service);
    // None has an unknown forwarding or tunnel, which no configuration could have.
    const again = made as readonly DestinationConfig[];
    const ensure = () => again.map((each) => fixture.ipvs.ensureDestination(service, each));
    expect(new Set(await Promise.all(ensure()))).toEqual(new Set(['created']));
    expect(new Set(await Promise.all(ensure()))).toEqual(new Set(['updated']));
    await expectRead(made.toReversed());
  });
});

test('the defaults of destinations are those of ipvsadm', async () => {
  const service = 'tcp://10.96.0.1:80';
  await fixture.ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
  await fixture.ipvs.addDestination(service, { address: '10.0.0.1' });
  fixture.namespace.restore(['-a -t 10.96.0.1:80 -r 10.0.0.2']);
  const [ipvsadms, own] = await fixture.ipvs.listDestinations(service);
  expect({ ...ipvsadms, address: '10.0.0.1' }).toEqual(own);
});

test('the kernel has the forwarding methods that ipvsadm cannot name', async () => {
  const service = 'fwmark://7';
  await fixture.ipvs.addService({ fwmark: 7 });
  await fixture.ipvs.addDestination(service, { address: '10.0.0.1', forwarding: 'local' });
  await fixture.ipvs.addDestination(service, { address: '10.0.0.2', forwarding: 'direct' });
  expect(fixture.namespace.run('cat', ['/proc/net/ip_vs'])).toMatch(
    /-> 0A000002:0000 +Route .*\n +-> 0A000001:0000 +Local /,
  );
});

describe('updateDestination', () => {
  const service = 'tcp://10.96.0.1:80';
  const destination = '10.0.0.1:80';
  const config: DestinationConfig = {
    address: '10.0.0.1',
    forwarding: 'tunnel',
    tunnel: { type: 'gue', port: 5555, checksum: 'checksum' },
    weight: 5,
    upperThreshold: 20,
    lowerThreshold: 10,
  };
  const before = makeDestination({ protocol: 'tcp', address: '10.96.0.1', port: 80 }, config);

  beforeEach(async () => {
    await fixture.ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
    await fixture.ipvs.addDestination(service, config);
  });

  test.each([
    {},
    { weight: 0 },
    { weight: MAX },
    { upperThreshold: 30 },
    { lowerThreshold: 0 },
    { upperThreshold: 0, lowerThreshold: 0 },
    { tunnel: { type: 'gre' } },
    { tunnel: { type: 'gue', port: 6666 } },
    { tunnel: { type: 'ipip' } },
    { tunnel: null },
    { tunnel: undefined, weight: undefined, forwarding: undefined },
    { forwarding: 'masquerade' },
    { forwarding: 'direct', weight: 7 },
    { forwarding: 'local' },
    { forwarding: 'tunnel' },
  ] as const)('changes only %o', async (changes) => {
    const after = changeDestination(before, changes);
    expect(await fixture.ipvs.updateDestination(service, destination, changes)).toBeUndefined();
    expect(await fixture.ipvs.getDestination(service, destination)).toEqual(after);
    const line = savedDestination({ protocol: 'tcp', address: '10.96.0.1', port: 80 }, after);
    expect(destinationLines()).toEqual([line]);
  });

  test('keeps settings that ipvsadm -e resets', async () => {
    await fixture.ipvs.updateDestination(service, destination, { weight: 9 });
    expect(await fixture.ipvs.getDestination(service, destination)).toEqual({
      ...before,
      weight: 9,
    });
    fixture.namespace.restore(['-e -t 10.96.0.1:80 -r 10.0.0.1:80 -w 8']);
    expect(await fixture.ipvs.getDestination(service, destination)).toMatchObject({
      weight: 8,
      forwarding: 'direct',
      upperThreshold: 0,
      tunnel: null,
    });
  });

  test('gives a tunnel that is added again its defaults', async () => {
    await fixture.ipvs.updateDestination(service, destination, { forwarding: 'direct' });
    await fixture.ipvs.updateDestination(service, destination, { forwarding: 'tunnel' });
    expect(await fixture.ipvs.getDestination(service, destination)).toEqual({
      ...before,
      tunnel: { type: 'ipip' },
    });
  });

  test('keeps the place in the list', async () => {
    const others = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
    await Promise.all(others.map((address) => fixture.ipvs.addDestination(service, { address })));
    await fixture.ipvs.updateDestination(service, '10.0.0.2', { weight: 9 });
    await fixture.ipvs.ensureDestination(service, { address: '10.0.0.3', weight: 8 });
    const listed = await fixture.ipvs.listDestinations(service);
    expect(listed.map(({ address, weight }) => [address, weight])).toEqual([
      ['10.0.0.4', 1],
      ['10.0.0.3', 8],
      ['10.0.0.2', 9],
      ['10.0.0.1', 5],
    ]);
  });

  test.each([
    {
      problem: 'a tunnel without its forwarding',
      changes: { tunnel: { type: 'gre' } },
      code: 'ERR_INVALID_ARG_VALUE',
      name: 'tunnel',
    },
    {
      problem: 'a lower threshold above the upper',
      changes: { lowerThreshold: 1 },
      code: 'ERR_INVALID_ARG_VALUE',
      name: 'lowerThreshold',
    },
  ] as const)('changes nothing if the kernel reveals $problem', async ({ changes, code, name }) => {
    const plain = { address: '10.0.0.2', weight: 3 };
    await fixture.ipvs.addDestination(service, plain);
    const update = fixture.ipvs.updateDestination(service, '10.0.0.2', { ...changes, weight: 4 });
    await expect(update).rejects.toMatchObject({ code, message: expect.stringContaining(name) });
    expect(await fixture.ipvs.getDestination(service, '10.0.0.2')).toMatchObject(plain);
  });

  test('applies many concurrent changes of one destination', async () => {
    const updates = Array.from({ length: 50 }, (_, index) => [
      fixture.ipvs.updateDestination(service, destination, { weight: index }),
      fixture.ipvs.updateDestination(service, destination, { upperThreshold: 100 + index }),
      fixture.ipvs.getDestination(service, destination),
    ]);
    const answers = await Promise.all(updates.map((round) => Promise.all(round)));
    answers.forEach(([, , got], index) => {
      expect(got).toEqual({ ...before, weight: index, upperThreshold: 100 + index });
    });
  });
});

describe('ensureDestination and deleteDestination', () => {
  const service = 'udp://[fd00::1]:53';
  beforeEach(() => fixture.ipvs.addService({ protocol: 'udp', address: 'fd00::1', port: 53 }));

  test('ensureDestination creates missing destinations and resets settings that are left out', async () => {
    const full = {
      address: 'fd00::2',
      forwarding: 'masquerade',
      weight: 5,
      upperThreshold: 9,
    } as const;
    expect(await fixture.ipvs.ensureDestination(service, full)).toBe('created');
    expect(await fixture.ipvs.getDestination(service, '[fd00::2]:53')).toMatchObject(full);
    expect(await fixture.ipvs.ensureDestination(service, { address: 'fd00::2' })).toBe('updated');
    expect(await fixture.ipvs.getDestination(service, 'fd00::2')).toMatchObject({
      forwarding: 'direct',
      weight: 1,
      upperThreshold: 0,
    });
    expect(await fixture.ipvs.listDestinations(service)).toHaveLength(1);
  });

  test('ensureDestination applies many calls for one destination in order', async () => {
    const weights = [3, 1, 4, 1, 5, 9, 2, 6];
    const ensured = weights.map((weight) =>
      fixture.ipvs.ensureDestination(service, { address: 'fd00::2', weight }),
    );
    expect(await Promise.all(ensured)).toEqual(['created', ...Array(7).fill('updated')]);
    expect(await fixture.ipvs.getDestination(service, 'fd00::2')).toMatchObject({ weight: 6 });
  });

  test('deleteDestination deletes one destination, once', async () => {
    await fixture.ipvs.addDestination(service, { address: 'fd00::2' });
    await fixture.ipvs.addDestination(service, { address: 'fd00::3' });
    expect(await fixture.ipvs.deleteDestination(service, 'fd00::2')).toBe(true);
    expect(destinationLines()).toEqual(['-a -u [fd00::1]:53 -r [fd00::3]:53 -g -w 1']);
    const again = fixture.ipvs.deleteDestination(service, 'fd00::2');
    await expect(again).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    { missing: 'the destination', of: service, destination: 'fd00::9' },
    { missing: 'its port', of: service, destination: '[fd00::2]:54' },
    { missing: 'its family', of: service, destination: '0.0.0.2' },
    { missing: 'the service', of: 'udp://[fd00::9]:53', destination: 'fd00::2' },
  ])(
    'deleteDestination with ifExists accepts that $missing is missing',
    async ({ of, destination }) => {
      await fixture.ipvs.addDestination(service, { address: 'fd00::2' });
      expect(await fixture.ipvs.deleteDestination(of, destination, { ifExists: true })).toBe(false);
      await expect(
        fixture.ipvs.deleteDestination(of, destination, { ifExists: false }),
      ).rejects.toThrow();
      expect(await fixture.ipvs.listDestinations(service)).toHaveLength(1);
    },
  );

  test('a destination that is added again after its deletion is new', async () => {
    const config = { address: 'fd00::2', weight: 7, upperThreshold: 70 };
    await fixture.ipvs.addDestination(service, config);
    await fixture.ipvs.deleteDestination(service, 'fd00::2');
    await fixture.ipvs.addDestination(service, { address: 'fd00::2' });
    const listed = await fixture.ipvs.listDestinations(service);
    const name = { protocol: 'udp', address: 'fd00::1', port: 53 } as const;
    expect(listed).toEqual([makeDestination(name, { address: 'fd00::2' })]);
  });

  test('getDestination returns undefined and listDestinations rejects if the object is missing', async () => {
    for (const reference of [service, 'fwmark6://7'] as const) {
      expect(await fixture.ipvs.getDestination(reference, 'fd00::2')).toBeUndefined();
      expect(fixture.ipvs.sync.getDestination(reference, 'fd00::2')).toBeUndefined();
      const [result] = await fixture.ipvs.batch((b) => {
        b.getDestination(reference, 'fd00::2');
      });
      expect(result).toEqual({ status: 'fulfilled', value: undefined });
    }
    await fixture.ipvs.addDestination(service, { address: 'fd00::3' });
    expect(await fixture.ipvs.getDestination(service, 'fd00::2')).toBeUndefined();
    const missing = { code: 'ESRCH', missing: 'service' };
    await expect(fixture.ipvs.listDestinations('fwmark6://7')).rejects.toMatchObject(missing);
  });
});
