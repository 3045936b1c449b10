/**
 * Canonical forms of addresses, references and configurations, computed without a kernel.
 * @module
 */

import type { Family } from '../core/address.js';
import { describeArgument } from '../core/arguments.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import { beginAtCaller, registerEntry } from '../core/stack.js';
import type { Records } from '../native/records.js';
import { decodeDestination } from './decode-destination.js';
import { decodeService } from './decode-service.js';
import type { Destination, DestinationConfig } from './destination.js';
import { encodeDestinationConfig } from './encode-destination.js';
import { encodeServiceConfig } from './encode-service.js';
import { destinationTarget, fullDestinationTarget, serviceTarget } from './encoded-targets.js';
import { formatDestinationKey, formatServiceKey } from './keys.js';
import {
  canonicalAddress,
  encodeDestinationReference,
  encodeServiceOfDestination,
  encodeServiceReference,
} from './reference.js';
import type {
  DestinationAddress,
  DestinationReference,
  FirewallMark,
  ServiceAddress,
  ServiceReference,
} from './reference-types.js';
import { RequestBuffer } from './request-buffer.js';
import type { NoAddress, NoMark, ServiceConfig, ServiceState } from './service.js';
import type { Stats } from './stats.js';

/**
 * The key of a service in canonical form: an IPv6 address as in RFC 5952, a mark with its family.
 */
export type ServiceKey =
  | (ServiceAddress & NoMark)
  | (FirewallMark & NoAddress & { readonly family: Family });

/** The key of a destination in canonical form. */
export interface DestinationKey extends DestinationAddress {
  /** The port; absent: the service's. */
  readonly port?: number;
}

/** A service with all its settings in canonical form: {@link Service} without `stats`. */
export type NormalizedService =
  | (ServiceAddress & NoMark & Omit<ServiceState<number>, 'stats'>)
  | (FirewallMark & NoAddress & Omit<ServiceState<number>, 'stats'>);

/**
 * A destination with all its settings in canonical form: {@link Destination} without counters.
 */
export type NormalizedDestination = Omit<
  Destination,
  'activeConnections' | 'inactiveConnections' | 'persistentConnections' | 'stats'
>;

/** The counters of an object that the kernel has not listed. @internal */
export const NO_STATS: Stats = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
};

/** Returns the service in the record at `base`. @internal */
export function normalizedServiceAt(records: Records, base: number): NormalizedService {
  const { stats, ...service } = decodeService(records, base, NO_STATS);
  return service;
}

/** Returns the destination in the record at `base`. @internal */
export function normalizedDestinationAt(records: Records, base: number): NormalizedDestination {
  const { activeConnections, inactiveConnections, persistentConnections, stats, ...destination } =
    decodeDestination(records, base, NO_STATS);
  return destination;
}

/**
 * Calls `body` with a buffer that is never sent. Its input errors get the name of the function and
 * the target.
 */
function convert<Value>(
  operation: string,
  targetIn: (buffer: RequestBuffer) => string,
  body: (buffer: RequestBuffer) => Value,
): Value {
  const buffer = new RequestBuffer(1);
  try {
    return body(buffer);
  } catch (error) {
    if (isInputError(error)) describeInput(error, operation, targetIn(buffer));
    throw beginAtCaller(error, operation);
  }
}

/**
 * Returns the canonical text of an IP address: IPv4 dotted, IPv6 as in RFC 5952 (`FD00:0:0::1` is
 * `fd00::1`). This is the form of all addresses that this package returns.
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) if it is not an IPv4 or IPv6
 *   address
 */
export function formatAddress(address: string): string {
  return convert(
    'formatAddress',
    () => describeArgument(address),
    () => canonicalAddress('address', address),
  );
}

registerEntry('formatAddress', formatAddress);

/**
 * Returns the key of a service in canonical form: `{ protocol, address, port }`, or
 * `{ fwmark, family }`. Other properties of an object, such as settings, are left out.
 * @throws TypeError, RangeError if the reference is not valid
 */
export function parseServiceReference(reference: ServiceReference): ServiceKey {
  return serviceKey('parseServiceReference', reference);
}

registerEntry('parseServiceReference', parseServiceReference);

function serviceKey(operation: string, reference: unknown): ServiceKey {
  return convert(
    operation,
    (buffer) => serviceTarget(buffer, reference),
    (buffer) => {
      encodeServiceReference(buffer, 'service', reference);
      const service = decodeService(buffer.records, buffer.service(), NO_STATS);
      if (service.fwmark !== undefined) return { fwmark: service.fwmark, family: service.family };
      const { protocol, address, port } = service;
      return { protocol, address, port };
    },
  );
}

/**
 * Returns the string reference of a service: 'tcp://10.96.0.1:443', 'udp://[fd00::1]:53',
 * 'fwmark6://7'. References that name the same service give the same string: a key for maps.
 * @throws TypeError, RangeError if the reference is not valid
 */
export function formatServiceReference(service: ServiceReference): string {
  return formatServiceKey(serviceKey('formatServiceReference', service));
}

registerEntry('formatServiceReference', formatServiceReference);

/**
 * Returns the key of a destination in canonical form: `{ address, port }`, or `{ address }` if the
 * reference has no port. Other properties of an object are left out.
 * @throws TypeError, RangeError if the reference is not valid
 */
export function parseDestinationReference(reference: DestinationReference): DestinationKey {
  return destinationKey('parseDestinationReference', reference);
}

registerEntry('parseDestinationReference', parseDestinationReference);

function destinationKey(operation: string, reference: unknown): DestinationKey {
  return convert(
    operation,
    (buffer) => destinationTarget(buffer, reference),
    (buffer) => {
      const hasPort = encodeDestinationReference(buffer, 'destination', reference);
      const at = buffer.destination();
      const { address, port } = decodeDestination(buffer.records, at, NO_STATS);
      return hasPort ? { address, port } : { address };
    },
  );
}

/**
 * Returns the string reference of a destination: '10.0.0.1:80', '[fd00::2]:80'; without a port,
 * '10.0.0.1' and 'fd00::2'. References that name the same destination of a service, all with or all
 * without a port, give the same string: a key for maps.
 * @throws TypeError, RangeError if the reference is not valid
 */
export function formatDestinationReference(destination: DestinationReference): string {
  const { address, port } = destinationKey('formatDestinationReference', destination);
  return port === undefined ? address : formatDestinationKey({ address, port });
}

registerEntry('formatDestinationReference', formatDestinationReference);

/**
 * Returns a service as the kernel would have it after `addService(config)` or
 * `ensureService(config)`: every setting, with the defaults of those left out, addresses and
 * netmask in canonical form, scheduler flags in the order of their bits. Comparing it with what
 * `getService()` returns, but for `stats`, tells whether the service is as it should be.
 * @throws TypeError, RangeError where `addService` refuses the configuration before it is sent
 * @example
 * ```ts
 * import { isDeepStrictEqual } from 'node:util';
 * import { Ipvs, normalizeService, type ServiceConfig } from 'ipvs';
 *
 * const ipvs = await Ipvs.open();
 * const config: ServiceConfig = { protocol: 'tcp', address: 'FD00:0:0::1', port: 80 };
 * const { stats, ...current } = (await ipvs.getService(config)) ?? {};
 * if (!isDeepStrictEqual(current, normalizeService(config))) await ipvs.ensureService(config);
 * await ipvs.close();
 * ```
 */
export function normalizeService(config: ServiceConfig): NormalizedService {
  return convert(
    'normalizeService',
    (buffer) => serviceTarget(buffer, config),
    (buffer) => {
      encodeServiceConfig(buffer, config);
      return normalizedServiceAt(buffer.records, buffer.service());
    },
  );
}

registerEntry('normalizeService', normalizeService);

/**
 * Returns a destination as the kernel would have it after `addDestination(service, config)` or
 * `ensureDestination(service, config)`, as {@link normalizeService} does for a service. A port that
 * is left out is the service's.
 * @throws TypeError, RangeError where `addDestination` refuses the arguments before they are sent
 */
export function normalizeDestination(
  service: ServiceReference,
  config: DestinationConfig,
): NormalizedDestination {
  return convert(
    'normalizeDestination',
    (buffer) => fullDestinationTarget(buffer, service, config),
    (buffer) => {
      encodeServiceOfDestination(buffer, service, config);
      encodeDestinationConfig(buffer, config);
      return normalizedDestinationAt(buffer.records, buffer.destination());
    },
  );
}

registerEntry('normalizeDestination', normalizeDestination);
