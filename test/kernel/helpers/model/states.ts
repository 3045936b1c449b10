/**
 * Random tables, wanted states and options for reconciliations, on a small world, so that they meet.
 * All of it is valid.
 * @module
 */
import fc from 'fast-check';
import type {
  DestinationConfig,
  DestinationSettings,
  KeptSetting,
  Prune,
  ServiceConfig,
  ServiceSettings,
  State,
  WantedService,
} from 'ipvs';
import { FORWARDING } from './calls.js';
import { familyOf, isMark, type ServiceName } from './objects.js';

/** A table, and a reconciliation of it. */
export interface StateCase {
  readonly before: State;
  readonly state: State;
  readonly prune: Pruning;
  readonly keep: readonly KeptSetting[];
  /** True for the synchronous form. */
  readonly isSync: boolean;
}

/** An option, and the names of the services that it selects. */
export interface Pruning {
  readonly option: Prune;
  readonly selects: ReadonlySet<number>;
}

/** The services, each with the scopes of `SCOPES` that it is in. */
const WORLD: readonly { readonly name: ServiceName; readonly scopes: readonly number[] }[] = [
  { name: { protocol: 'tcp', address: '10.96.0.1', port: 80 }, scopes: [0, 1, 2] },
  { name: { protocol: 'tcp', address: '10.96.0.1', port: 443 }, scopes: [0, 1, 3] },
  { name: { protocol: 'udp', address: '10.96.0.1', port: 80 }, scopes: [0, 2] },
  { name: { protocol: 'tcp', address: '10.96.0.1', port: 0 }, scopes: [0, 1] },
  { name: { protocol: 'tcp', address: '10.112.0.1', port: 80 }, scopes: [1, 2] },
  { name: { protocol: 'sctp', address: 'fd00::1', port: 80 }, scopes: [2, 4] },
  { name: { protocol: 'tcp', address: 'fd01::1', port: 443 }, scopes: [1, 3] },
  { name: { fwmark: 7, family: 'ipv4' }, scopes: [5] },
  { name: { fwmark: 7, family: 'ipv6' }, scopes: [5] },
  { name: { fwmark: 2 ** 31 + 7, family: 'ipv4' }, scopes: [6] },
];
const SCOPES = [
  { networks: ['10.96.0.0/12'] },
  { protocols: ['tcp'] },
  { ports: [80, 80] },
  { ports: [400, 500], protocols: ['udp', 'tcp'] },
  { networks: ['192.0.2.0/24', 'fd00::/16'] },
  { fwmarks: [1, 100] },
  { fwmarks: [101, 2 ** 32 - 1] },
] as const;

const addresses = {
  ipv4: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  ipv6: ['fd00::1', 'fd00::2', 'fd00::3'],
};

const scheduling = fc.constantFrom<ServiceSettings>(
  {},
  { scheduler: 'rr' },
  { scheduler: 'wrr', schedulerFlags: ['flag-1', 'flag-3'] },
  { scheduler: 'sh' },
  { scheduler: 'sh', schedulerFlags: ['sh-port'] },
  { scheduler: 'mh', schedulerFlags: ['mh-port'] },
  { schedulerFlags: ['flag-2'] },
);

function settingsOf(name: ServiceName): fc.Arbitrary<ServiceSettings> {
  const byDatagram = isMark(name) || name.protocol === 'udp';
  const persistent = fc.constantFrom<ServiceSettings>(
    { persistence: {} },
    { persistence: { timeout: 60 } },
    { persistence: { netmask: 24 } },
    ...(byDatagram ? [{ persistence: { timeout: 1, engine: 'sip' as const } }] : []),
  );
  const needsPersistence = !isMark(name) && name.port === 0;
  const persistence = needsPersistence
    ? persistent
    : fc.oneof(fc.constantFrom<ServiceSettings>({}, { persistence: null }), persistent);
  const onePacket = fc.constantFrom<ServiceSettings>({}, byDatagram ? { onePacket: true } : {});
  return fc.tuple(scheduling, persistence, onePacket).map((parts) => Object.assign({}, ...parts));
}

const forwarding = fc.constantFrom<DestinationSettings>({}, ...FORWARDING);
const limits = fc.constantFrom<DestinationSettings>(
  {},
  {},
  { weight: 0 },
  { weight: 2 ** 31 - 1 },
  { upperThreshold: 10 },
  { weight: 7, upperThreshold: 20, lowerThreshold: 15 },
);

function destinationsOf(name: ServiceName): fc.Arbitrary<DestinationConfig[]> {
  const own = isMark(name) ? 0 : name.port;
  const one = fc
    .tuple(fc.constantFrom(...addresses[familyOf(name)]), forwarding, limits, fc.boolean())
    .map(([address, to, limit, translates]): DestinationConfig => {
      const port = translates && to.forwarding === 'masquerade' ? { port: 8080 } : {};
      return { address, ...port, ...to, ...limit };
    });
  const few = fc.uniqueArray(one, {
    maxLength: 5,
    selector: ({ address, port = own }) => `${address} ${port}`,
  });
  const network = familyOf(name) === 'ipv4' ? '10.1.0.' : 'fd00::1:';
  const many = fc
    .integer({ min: 14, max: 20 })
    .map((length) => Array.from({ length }, (_, index) => ({ address: `${network}${index + 1}` })));
  return fc.oneof({ weight: 12, arbitrary: few }, { weight: 1, arbitrary: many });
}

const serviceOf = (name: ServiceName) =>
  fc
    .tuple(settingsOf(name), destinationsOf(name))
    .map(([settings, destinations]): WantedService => {
      // A config has either kind of key, as the name has.
      return { ...name, ...settings, destinations } as WantedService;
    });

/** A service of the table, a wanted one, or both: in many cases the same or nearly the same. */
const pairOf = (name: ServiceName) =>
  serviceOf(name).chain((one) => {
    const { destinations = [], ...config } = one;
    const nearly = fc
      .subarray([...destinations])
      .map((some): WantedService => ({ ...config, destinations: some }));
    const other = fc.oneof(
      fc.constant(undefined),
      fc.constant(one),
      nearly,
      serviceOf(name),
      serviceOf(name).map(({ destinations: _, ...rest }) => rest as ServiceConfig),
    );
    return fc.tuple(fc.option(fc.constant(one), { nil: undefined, freq: 3 }), other);
  });

const placesIn = (scopes: readonly number[]) =>
  new Set(
    WORLD.flatMap((each, place) => (each.scopes.some((of) => scopes.includes(of)) ? [place] : [])),
  );
const everything = new Set(WORLD.keys());

const pruning: fc.Arbitrary<Pruning> = fc.oneof(
  fc.constantFrom<Pruning>(
    { option: false, selects: new Set() },
    { option: true, selects: everything },
  ),
  fc.nat(SCOPES.length - 1).map((place) => ({
    option: SCOPES[place] ?? {},
    selects: placesIn([place]),
  })),
  fc.subarray([...SCOPES.keys()]).map((places) => ({
    option: places.map((place) => SCOPES[place] ?? {}),
    selects: placesIn(places),
  })),
  fc.subarray([...everything]).map((places) => {
    const selects = new Set(places);
    const isSelected = (service: ServiceName) => selects.has(placeOf(service));
    return { option: isSelected, selects };
  }),
);

/** Returns the place of a service in the world. */
export function placeOf(service: ServiceName): number {
  return WORLD.findIndex(({ name }) =>
    isMark(name) || isMark(service)
      ? isMark(name) &&
        isMark(service) &&
        name.fwmark === service.fwmark &&
        familyOf(name) === familyOf(service)
      : name.protocol === service.protocol &&
        name.address === service.address &&
        name.port === service.port,
  );
}

// The kernel refuses a lower threshold above the upper one, so they are kept together.
const keep = fc
  .subarray<readonly KeptSetting[]>([
    ['scheduler'],
    ['schedulerFlags'],
    ['persistence'],
    ['onePacket'],
    ['forwarding'],
    ['weight'],
    ['upperThreshold', 'lowerThreshold'],
    ['tunnel'],
  ])
  .map((names) => names.flat());

const present = (services: readonly (WantedService | undefined)[]) =>
  services.filter((each) => each !== undefined);

export const stateCase: fc.Arbitrary<StateCase> = fc
  .tuple(
    fc.tuple(...WORLD.map(({ name }) => pairOf(name))),
    pruning,
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: keep }),
    fc.boolean(),
  )
  .map(([pairs, prune, kept, isSync]) => ({
    before: { services: present(pairs.map(([one]) => one)) },
    state: { services: present(pairs.map(([, other]) => other)) },
    prune,
    keep: kept,
    isSync,
  }));
