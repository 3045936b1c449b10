/**
 * The JSON Schema of state files (draft 7), which editors use. It is made from the tables of the
 * library. The library itself checks a file that is read; it also knows the rules that go over
 * several values, which the schema leaves out: a test compares both.
 * @module
 */
import { families } from '../../core/address.js';
import { DEFAULT_WEIGHT, MAX_INT } from '../../ipvs/encode-destination.js';
import { DEFAULT_SCHEDULER } from '../../ipvs/encode-service.js';
import { MAX_MARK, MAX_PORT } from '../../ipvs/keys.js';
import { NAME } from '../../ipvs/module-name.js';
import { forwardings, protocols, tunnelChecksums, tunnelTypes } from '../../ipvs/names.js';
import { DEFAULT_TIMEOUT, MAX_TIMEOUT } from '../../ipvs/persistence.js';
import { DESTINATION_STATE, SERVICE_STATE } from '../../ipvs/properties.js';
import { schedulerFlags, schedulers } from '../../ipvs/schedulers.js';
import { tunnelRules } from '../../ipvs/tunnel.js';
import { layout } from '../../native/layout.js';

/** A schema, or a part of one. */
type Schema = SchemaObject | boolean;
type SchemaObject = Readonly<Record<string, unknown>>;

const MAX_U32 = 2 ** 32 - 1;
const UNKNOWN: Schema = { type: 'string', pattern: '^unknown-(0|[1-9][0-9]*)$' };
const ADDRESS: Schema = {
  description: 'An IPv4 or IPv6 address, without brackets, prefix or zone',
  type: 'string',
  pattern: '^([0-9]{1,3}\\.){3}[0-9]{1,3}$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$',
};

function integer(minimum: number, maximum: number, description?: string): Schema {
  return {
    ...(description === undefined ? {} : { description }),
    type: 'integer',
    minimum,
    maximum,
  };
}

function oneOf(names: readonly string[], description?: string): Schema {
  return { ...(description === undefined ? {} : { description }), enum: names };
}

function moduleName(maxLength: number): Schema {
  return { type: 'string', maxLength, pattern: NAME.source };
}

function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
): SchemaObject {
  return { type: 'object', properties, required, additionalProperties: false };
}

/**
 * Returns a schema that depends on a condition. An object with a literal `then` would look
 * awaitable.
 */
function choice(condition: Schema, consequence: Schema, alternative: Schema): SchemaObject {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
    ['else', alternative],
  ]);
}

/** The properties of what was read, which are not checked. */
function unchecked(names: readonly string[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries(names.map((name) => [name, true]));
}

/** Returns a description that ends with the default. */
function withDefault(text: string, value: string | number): string {
  return `${text}. Default ${value}`;
}

const SCHEDULER: Schema = {
  description: withDefault('The scheduler', DEFAULT_SCHEDULER),
  // The names of Linux come first, for completion.
  anyOf: [oneOf(schedulers), moduleName(layout.limits.schedulerLength)],
};

const ENGINE: Schema = {
  description: "The persistence engine, 'sip' or none. Default null: none",
  anyOf: [{ type: 'null' }, moduleName(layout.limits.engineLength)],
};

function persistence(timeout: Schema): Schema {
  const netmask = {
    description: 'The clients that count as one: a prefix length, or an IPv4 mask',
    anyOf: [integer(0, 128), { type: 'string', pattern: '^([0-9]{1,3}\\.){3}[0-9]{1,3}$' }],
  };
  return {
    description: 'Sends a client to the same destination again. Default null: does not',
    anyOf: [{ type: 'null' }, object({ timeout, netmask, engine: ENGINE }, [])],
  };
}

function flags(items: Schema): Schema {
  return { description: 'The flags of the scheduler. Default none', type: 'array', items };
}

/** The properties of the key of a service with these protocols. */
function serviceKey(protocol: Schema): Readonly<Record<string, Schema>> {
  return {
    protocol,
    address: ADDRESS,
    port: integer(0, MAX_PORT, 'The port; 0 is every port, and needs persistence'),
    fwmark: integer(1, MAX_MARK, 'The firewall mark of a service without an address'),
    family: oneOf(families.names, 'The family of the packets with the mark. Default ipv4'),
  };
}

const DESTINATIONS: Schema = {
  description:
    'The destinations that the service should have, and no others. Left out: as they are',
  type: 'array',
  items: { $ref: '#/definitions/destination' },
};
const ONE_PACKET: Schema = {
  description: 'Every packet is scheduled by itself: for udp and firewall marks. Default false',
  type: 'boolean',
};
const flagNames = Object.keys(schedulerFlags);

/** A service that was written by hand. */
const WRITTEN_SERVICE = object(
  {
    ...serviceKey(oneOf(protocols.names, 'The protocol')),
    scheduler: SCHEDULER,
    schedulerFlags: flags(oneOf(flagNames)),
    persistence: persistence(
      integer(1, MAX_TIMEOUT, withDefault('Seconds that a client returns', DEFAULT_TIMEOUT)),
    ),
    onePacket: ONE_PACKET,
    destinations: DESTINATIONS,
    ...unchecked(SERVICE_STATE),
  },
  [],
);

/**
 * A service that was read from the kernel, with values that only another program could have set.
 */
const READ_SERVICE = object(
  {
    ...serviceKey({ anyOf: [oneOf(protocols.names), UNKNOWN] }),
    scheduler: SCHEDULER,
    schedulerFlags: flags({ anyOf: [oneOf(flagNames), UNKNOWN] }),
    persistence: persistence(integer(0, MAX_U32)),
    onePacket: ONE_PACKET,
    destinations: DESTINATIONS,
    ...unchecked(SERVICE_STATE),
  },
  [],
);

const DESTINATION_KEY = {
  address: ADDRESS,
  port: integer(0, MAX_PORT, "The port. Default: the service's"),
  family: oneOf(families.names, 'The family of the address'),
} as const;

const FORWARDING = 'The method by which packets reach it. Default direct';

/** A tunnel for each type, with the port and the checksums that go with it. */
const WRITTEN_TUNNEL: Schema = {
  description: 'The tunnel of forwarding tunnel. Default ipip',
  anyOf: [
    { type: 'null' },
    ...tunnelTypes.names.map((type) => {
      const { port, checksums } = tunnelRules[type];
      return object(
        {
          type: { const: type },
          ...(port ? { port: integer(1, MAX_PORT) } : {}),
          ...(checksums.length > 0 ? { checksum: oneOf(checksums) } : {}),
        },
        port ? ['type', 'port'] : ['type'],
      );
    }),
  ],
};

const READ_TUNNEL: Schema = {
  anyOf: [
    { type: 'null' },
    object(
      {
        type: { anyOf: [oneOf(tunnelTypes.names), UNKNOWN] },
        port: integer(0, MAX_PORT),
        checksum: { anyOf: [oneOf(tunnelChecksums.names), UNKNOWN] },
      },
      ['type'],
    ),
  ],
};

/** Returns a destination with these settings. Weights and thresholds are at most `maximum`. */
function destination(forwarding: Schema, tunnel: Schema, maximum: number): Schema {
  return object(
    {
      ...DESTINATION_KEY,
      forwarding,
      weight: integer(0, maximum, withDefault('Its share of new connections', DEFAULT_WEIGHT)),
      upperThreshold: integer(
        0,
        maximum,
        'Above so many connections it gets no new ones. 0: no limit',
      ),
      lowerThreshold: integer(0, maximum, 'Below so many it gets new ones again'),
      tunnel,
      ...unchecked(DESTINATION_STATE),
    },
    ['address'],
  );
}

const WRITTEN_DESTINATION = destination(
  oneOf(forwardings.names, FORWARDING),
  WRITTEN_TUNNEL,
  MAX_INT,
);
const READ_DESTINATION = destination(
  { description: FORWARDING, anyOf: [oneOf(forwardings.names), UNKNOWN] },
  READ_TUNNEL,
  MAX_U32,
);

/** Counters show that an object was read from the kernel. */
const WAS_READ: Schema = {
  required: ['stats'],
  properties: { stats: { type: ['object', 'array'] } },
};
const HAS_MARK: Schema = { required: ['fwmark'] };
const BY_MARK: Schema = { properties: { protocol: false, address: false, port: false } };

/** The schema of state files. */
export const stateSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The wanted services of Linux IPVS, and their destinations',
  ...object(
    {
      $schema: { description: 'The schema of this file, for editors', type: 'string' },
      services: {
        description: 'The wanted services, each once',
        type: 'array',
        items: { $ref: '#/definitions/service' },
      },
    },
    ['services'],
  ),
  definitions: {
    service: {
      description: 'A service: protocol, address and port, or fwmark; and its settings',
      type: 'object',
      allOf: [
        choice(WAS_READ, READ_SERVICE, WRITTEN_SERVICE),
        choice(HAS_MARK, BY_MARK, { required: ['protocol', 'address', 'port'] }),
      ],
    },
    destination: {
      description: 'A destination: a real server of the service',
      type: 'object',
      ...choice(WAS_READ, READ_DESTINATION, WRITTEN_DESTINATION),
    },
  },
};
