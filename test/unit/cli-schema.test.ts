// The JSON Schema of state files and the library accept the same values, apart from rules that go
// over several values, which only the library knows.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateSchema } from '../../lib/cli/state-file/schema.js';
import { isInputError, type WantedService } from '../../lib/index.js';
import { DESTINATION_PROPERTIES, SERVICE_PROPERTIES } from '../../lib/ipvs/properties.js';
import { schedulers } from '../../lib/ipvs/schedulers.js';
import { encodeState } from '../../lib/state/encode-state.js';
import { serviceAndDestination, serviceConfig } from './helpers/arbitraries.js';

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});
const validate = ajv.compile(Object(stateSchema));

/** Returns the message of the library for a state; undefined if the library accepts it. */
function refusalOf(state: unknown): string | undefined {
  try {
    encodeState(state, 'read');
    return undefined;
  } catch (error) {
    if (!isInputError(error)) throw error;
    return error.message;
  }
}

/** The rules of the library that a schema cannot have: how their messages end, or what they contain. */
const OTHER_RULES = [
  // Over several values.
  'is not the family of',
  'does not go with port 0: a service for every port must be persistent',
  'is only for udp and firewall marks',
  'belongs to scheduler',
  'has flags of two schedulers',
  'does not go with forwarding',
  'cannot cross from one address family to the other',
  'is above the upper threshold',
  // Of the netmask, which depends on the family.
  /persistence\.netmask: .* is not an integer from (0 to 32|1 to 128) bits/,
  'is not a dotted mask such as 255.255.255.0',
  // Of an address as a whole.
  'is not an IPv4 or IPv6 address',
  'no packet would ever match the service',
  'is not a unicast address',
  // A flag of another scheduler.
  /schedulerFlags: .* is not one of .*(sh|mh|flag-1)/,
  // Numbers within a text.
  /'unknown-\d+' is not one of/,
] as const;

const service: fc.Arbitrary<WantedService> = fc.oneof(
  serviceConfig,
  serviceAndDestination.map(([config, each]) => ({ ...config, destinations: [each] })),
);

const INTEGERS = [0, -1, 1, 1.5, '1', 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32];

/** Good and bad values of each property, many near a limit. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  protocol: ['tcp', 'udp', 'sctp', 'icmp', 'unknown-3', 'unknown-99999'],
  address: [
    '10.0.0.1',
    'fd00::1',
    '10.0.0',
    'fd00:::1',
    '::',
    '224.0.0.1',
    '[fd00::1]',
    '1.2.3.4:5',
  ],
  port: INTEGERS,
  fwmark: INTEGERS,
  family: ['ipv4', 'ipv6', 'ip'],
  scheduler: ['rr', 'mh', 'sh', 'x'.repeat(15), 'x'.repeat(16), 'a b', ''],
  schedulerFlags: [
    [],
    ['mh-port'],
    ['sh-port', 'mh-port'],
    ['flag-1', 'flag-2'],
    ['unknown-8'],
    'x',
  ],
  persistence: [
    null,
    {},
    { timeout: 0 },
    { timeout: 2678400 },
    { timeout: 2678401 },
    { netmask: 0 },
    { netmask: 33 },
    { netmask: 129 },
    { netmask: '255.255.0.0' },
    { netmask: '255.255.0' },
    { engine: 'sip' },
    { engine: null },
    { engine: '' },
    { what: 1 },
    true,
  ],
  onePacket: [true, false, 1],
  destinations: [[], {}, [1], [{}], [{ address: '10.0.0.1', port: 8080 }]],
  forwarding: ['direct', 'tunnel', 'masquerade', 'local', 'bypass', 'nat', 'unknown-7'],
  weight: INTEGERS,
  upperThreshold: INTEGERS,
  lowerThreshold: INTEGERS,
  tunnel: [
    null,
    { type: 'ipip' },
    { type: 'ipip', port: 1 },
    { type: 'gue' },
    { type: 'gue', port: 0 },
    { type: 'gue', port: 6080, checksum: 'remote-checksum' },
    { type: 'gre', checksum: 'checksum' },
    { type: 'gre', checksum: 'remote-checksum' },
    { type: 'unknown-7', port: 0, checksum: 'unknown-1' },
    'gre',
  ],
  stats: [{}, null],
  wieght: [1],
};

/** A change of an object: of the service, or of its first destination. */
interface Mutation {
  readonly ofDestination: boolean;
  readonly property: string;
  /** undefined: the property goes. */
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.constantFrom(...Object.keys(VALUES)).chain((name) =>
  fc.record({
    ofDestination: fc.boolean(),
    property: fc.constant(name),
    value: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...(VALUES[name] ?? [])) },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  }),
);

function mutate(target: object, { property: name, value: given }: Mutation): object {
  const { [name]: _, ...rest } = Object(target);
  return given === undefined ? rest : { ...rest, [name]: given };
}

/** Returns a state with a mutated service, as JSON has it. */
function stateWith(valid: WantedService, mutations: readonly Mutation[]): unknown {
  let changed: object = structuredClone(valid);
  for (const each of mutations) {
    const { destinations } = Object(changed);
    const isOfDestination =
      each.ofDestination && Array.isArray(destinations) && destinations.length > 0;
    changed = isOfDestination
      ? { ...changed, destinations: [mutate(Object(destinations[0]), each)] }
      : mutate(changed, each);
  }
  return JSON.parse(JSON.stringify({ services: [changed] }));
}

describe('the schema of state files', () => {
  test('accepts each valid state', () => {
    fc.assert(
      fc.property(service, (valid) => {
        const state = stateWith(valid, []);
        expect(refusalOf(state)).toBeUndefined();
        expect(validate(state), ajv.errorsText(validate.errors)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('accepts and refuses what the library does, apart from rules over several values', () => {
    const counts = { accepted: 0, refused: 0, byLibraryOnly: 0 };
    fc.assert(
      fc.property(
        service,
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (valid, mutations) => {
          const state = stateWith(valid, mutations);
          const refusal = refusalOf(state);
          const isValid = validate(state);
          if (refusal === undefined) {
            counts.accepted++;
            const problem = `${ajv.errorsText(validate.errors)} in ${JSON.stringify(state)}`;
            expect(isValid, problem).toBe(true);
          } else if (isValid) {
            counts.byLibraryOnly++;
            const isOther = OTHER_RULES.some((rule) =>
              typeof rule === 'string' ? refusal.includes(rule) : rule.test(refusal),
            );
            expect(isOther, `${refusal} in ${JSON.stringify(state)}`).toBe(true);
          } else {
            counts.refused++;
          }
        },
      ),
      { numRuns: 4000 },
    );
    // The generator makes enough of each kind.
    for (const [kind, count] of Object.entries(counts)) expect(count, kind).toBeGreaterThan(100);
  });

  test.each([
    [{ $schema: './state.schema.json', services: [] }, true],
    [{ services: [{ fwmark: 7 }] }, true],
    [{ services: [{ fwmark: 7, port: 80 }] }, false],
    [{ services: [{ protocol: 'tcp', address: '10.0.0.1' }] }, false],
    [{}, false],
    [[], false],
    [{ services: [], more: 1 }, false],
  ])('judges %j', (state, isValid) => {
    expect(validate(state)).toBe(isValid);
  });

  test('has the properties of the library, and no others', () => {
    const { definitions } = Object(stateSchema);
    const { then: readService, else: writtenService } = definitions.service.allOf[0];
    for (const { properties } of [readService, writtenService]) {
      expect(new Set(Object.keys(properties))).toEqual(SERVICE_PROPERTIES);
    }
    const { then: readDestination, else: writtenDestination } = definitions.destination;
    for (const { properties } of [readDestination, writtenDestination]) {
      expect(new Set(Object.keys(properties))).toEqual(DESTINATION_PROPERTIES);
    }
  });

  test('names the schedulers of Linux, for completion', () => {
    const text = JSON.stringify(stateSchema);
    expect(text).toContain(JSON.stringify(schedulers));
  });
});
