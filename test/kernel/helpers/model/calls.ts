/**
 * Random calls of operations, valid and invalid, on a small world, so that they meet.
 * @module
 */
import fc from 'fast-check';
import type { DestinationConfig, DestinationSettings, ServiceConfig, ServiceSettings } from 'ipvs';
import { familyOf, isMark, joinPort, nameOfService, type ServiceName } from './objects.js';
import { BROADCAST, type Call, MISSING_SCHEDULER } from './table.js';

/** One service of each kind. */
export const services: readonly ServiceName[] = [
  { protocol: 'tcp', address: '10.96.0.1', port: 80 },
  { protocol: 'udp', address: '10.96.0.1', port: 80 },
  { protocol: 'tcp', address: '10.96.0.1', port: 0 },
  { protocol: 'sctp', address: 'fd00::1', port: 80 },
  { fwmark: 7, family: 'ipv4' },
  { fwmark: 7, family: 'ipv6' },
];
const addresses = { ipv4: ['10.0.0.1', '10.0.0.2'], ipv6: ['fd00::1', 'fd00::2'] };

/** The unusual is there to be refused. */
function mostly<Usual, Unusual>(usual: fc.Arbitrary<Usual>, unusual: fc.Arbitrary<Unusual>) {
  return fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: unusual });
}

/** Some or all of the properties. */
function some<Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) {
  return fc.record<Model, never>(model, { requiredKeys: [] });
}

const persistence = some({
  timeout: fc.constantFrom(1, 300, 2678400),
  netmask: fc.constantFrom(24, 32),
  engine: fc.constantFrom('sip', null),
});
const scheduling = mostly(
  fc.constantFrom<ServiceSettings>(
    {},
    { scheduler: 'rr' },
    { scheduler: 'wrr', schedulerFlags: ['flag-1', 'flag-3'] },
    { scheduler: 'sh' },
    { scheduler: 'sh', schedulerFlags: ['sh-port'] },
    { scheduler: 'mh', schedulerFlags: ['flag-1', 'mh-port'] },
    { schedulerFlags: [] },
    { schedulerFlags: ['flag-2'] },
  ),
  fc.constantFrom<ServiceSettings>(
    { schedulerFlags: ['sh-fallback'] },
    { schedulerFlags: ['mh-port'] },
    { scheduler: 'rr', schedulerFlags: ['sh-port'] },
    { scheduler: 'sh', schedulerFlags: ['mh-port', 'sh-port'] },
    { scheduler: MISSING_SCHEDULER },
  ),
);

function settingsOf(name: ServiceName): fc.Arbitrary<ServiceSettings> {
  const onePacket = isMark(name) || name.protocol === 'udp' ? fc.boolean() : fc.constant(false);
  const rest = some({
    persistence: mostly(persistence, fc.constant(null)),
    onePacket: mostly(onePacket, fc.constant(true)),
  });
  return fc.tuple(scheduling, rest).map(([a, b]) => ({ ...a, ...b }));
}

/** Settings of forwarding that the kernel accepts. */
export const FORWARDING: readonly DestinationSettings[] = [
  { forwarding: 'masquerade' },
  { forwarding: 'direct' },
  { forwarding: 'local' },
  { forwarding: 'bypass' },
  { forwarding: 'tunnel' },
  { forwarding: 'tunnel', tunnel: { type: 'gre', checksum: 'checksum' } },
  { forwarding: 'tunnel', tunnel: { type: 'gue', port: 5555 } },
];

const forwarding = mostly(
  fc.constantFrom<DestinationSettings>({}, {}, ...FORWARDING),
  fc.constantFrom<DestinationSettings>(
    { tunnel: { type: 'ipip' } },
    { tunnel: null },
    { forwarding: 'direct', tunnel: { type: 'gre' } },
  ),
);
const limits = mostly(
  fc.constantFrom<DestinationSettings>(
    {},
    { weight: 0 },
    { weight: 2 ** 31 - 1 },
    { upperThreshold: 10 },
    { weight: 7, upperThreshold: 20, lowerThreshold: 15 },
    { lowerThreshold: 0 },
  ),
  fc.constantFrom<DestinationSettings>(
    { lowerThreshold: 15 },
    { upperThreshold: 0 },
    { upperThreshold: 10, lowerThreshold: 11 },
  ),
);
const destinationSettings = fc.tuple(forwarding, limits).map(([a, b]) => ({ ...a, ...b }));

function serverOf(name: ServiceName) {
  return fc.record({
    address: mostly(
      fc.constantFrom(...addresses[familyOf(name)]),
      fc.constantFrom(BROADCAST, '10.0.0.1', 'fd00::1'),
    ),
    port: mostly(
      fc.constantFrom(undefined, isMark(name) ? 0 : name.port),
      fc.constantFrom(0, 8080),
    ),
  });
}

/** By an object or by a string. */
const either = (name: ServiceName) => fc.constantFrom(name, nameOfService(name));

type Weighted = readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Call> }[];

function oneOf(weighted: Weighted): fc.Arbitrary<Call> {
  return fc.oneof(...weighted);
}

/** Calls on some of the services, each of which changes or reads what is theirs only. */
function weightedOn(services: readonly ServiceName[]): Weighted {
  const service = fc.constantFrom(...services);
  const reference = service.chain(either);
  const serviceConfig = service.chain((name) =>
    settingsOf(name).map((settings): ServiceConfig => ({ ...name, ...settings })),
  );
  const serviceChanges = service.chain((name) => fc.tuple(either(name), settingsOf(name)));
  const serverReference = service.chain((name) =>
    fc.tuple(
      either(name),
      serverOf(name).chain(({ address, port }) =>
        fc.constantFrom({ address, port }, port === undefined ? address : joinPort(address, port)),
      ),
    ),
  );
  const destinationConfig = service.chain((name) =>
    fc.tuple(
      either(name),
      fc
        .tuple(serverOf(name), destinationSettings)
        .map(([named, settings]): DestinationConfig => ({ ...named, ...settings })),
    ),
  );
  const deleteOptions = fc.constantFrom(undefined, {}, { ifExists: true }, { ifExists: false });

  return [
    { weight: 12, arbitrary: serviceConfig.map((config) => ['addService', config]) },
    { weight: 6, arbitrary: serviceConfig.map((config) => ['ensureService', config]) },
    {
      weight: 12,
      arbitrary: serviceChanges.map(([of, changes]) => ['updateService', of, changes]),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(reference, deleteOptions)
        .map(([of, options]) => ['deleteService', of, options]),
    },
    { weight: 3, arbitrary: reference.map((of) => ['getService', of]) },
    {
      weight: 20,
      arbitrary: destinationConfig.map(([of, config]) => ['addDestination', of, config]),
    },
    {
      weight: 10,
      arbitrary: destinationConfig.map(([of, config]) => ['ensureDestination', of, config]),
    },
    {
      weight: 20,
      arbitrary: fc
        .tuple(serverReference, destinationSettings)
        .map(([[of, to], changes]) => ['updateDestination', of, to, changes]),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(serverReference, deleteOptions)
        .map(([[of, to], options]) => ['deleteDestination', of, to, options]),
    },
    { weight: 4, arbitrary: serverReference.map(([of, to]) => ['getDestination', of, to]) },
    { weight: 2, arbitrary: reference.map((of) => ['listDestinations', of]) },
    { weight: 1, arbitrary: reference.map((of) => ['zero', of]) },
  ];
}

/** Calls that change or read nothing but some of the services. */
export function callsOn(services: readonly ServiceName[]): fc.Arbitrary<Call> {
  return oneOf(weightedOn(services));
}

const onTheTable: Weighted = [
  { weight: 1, arbitrary: fc.constant(['listServices']) },
  { weight: 1, arbitrary: fc.constant(['snapshot']) },
  { weight: 1, arbitrary: fc.constant(['zero']) },
  { weight: 1, arbitrary: fc.constant(['flush']) },
];

/** Any calls: on some of the services, and on the table as a whole. */
export function anyCalls(services: readonly ServiceName[]): fc.Arbitrary<Call> {
  return oneOf([...weightedOn(services), ...onTheTable]);
}
