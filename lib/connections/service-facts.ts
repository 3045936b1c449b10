/**
 * Facts about the service of a filter that the entries of the connection table do not record. The
 * kernel is asked for them before the table is read.
 * @module
 */
import { constants } from 'node:os';
import { parseAddress } from '../core/address.js';
import { IpvsError } from '../core/errors.js';
import type { IpvsTypes } from '../ipvs/client.js';
import { formatServiceKey } from '../ipvs/keys.js';
import { operations } from '../ipvs/operations.js';
import type { Service } from '../ipvs/service.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import { type Call, call, named } from '../queue/operation.js';
import type { Endpoint } from './types.js';

/** Facts about a service, encoded for the addon. */
interface ServiceFacts {
  /**
   * For a service of port 0: the ports of its address that have services of their own, 16 bits
   * each.
   */
  readonly claimedPorts: Uint8Array;
  /** For a firewall mark without a destination in the filter: the keys of its destinations. */
  readonly destinations: Uint8Array;
}

/** A fact that only the kernel knows. */
export interface FactsQuery {
  /** The reference of the service, as a string in canonical form. */
  readonly service: string;
  readonly fact: keyof ServiceFacts;
}

const NO_FACTS: ServiceFacts = {
  claimedPorts: new Uint8Array(0),
  destinations: new Uint8Array(0),
};

/** Runs an operation on the kernel. */
export type Run = <Value>(call: Call<IpvsTypes, Value>) => Promise<Value>;

/**
 * Asks the kernel for the facts that a filter needs. @internal
 * @param operation the method whose name errors get
 * @param query undefined if the filter needs none
 */
export async function learnFacts(
  operation: string,
  query: FactsQuery | undefined,
  run: Run,
): Promise<ServiceFacts> {
  if (query === undefined) return NO_FACTS;
  const { service, fact } = query;
  if (fact === 'claimedPorts') {
    const services = await run(call(named(operations.listServices, operation), undefined));
    return { ...NO_FACTS, claimedPorts: encodeClaimedPorts(operation, service, services) };
  }
  const listDestinations = named(operations.listDestinations, operation);
  const destinations = await run(call(listDestinations, service, undefined));
  return { ...NO_FACTS, destinations: encodeDestinations(destinations) };
}

/** The ports of other services with the protocol and the address of `service`, whose own is 0. */
function encodeClaimedPorts(
  operation: string,
  service: string,
  services: readonly Service<number | bigint>[],
): Uint8Array {
  const ports = services.flatMap((each) => {
    if (each.fwmark !== undefined) return [];
    const { protocol, address, port } = each;
    return formatServiceKey({ protocol, address, port: 0 }) === service ? [port] : [];
  });
  if (!ports.includes(0)) throw missingService(operation, service);
  const others = ports.filter((port) => port !== 0);
  return new Uint8Array(Uint16Array.from(others).buffer);
}

function missingService(operation: string, service: string): IpvsError {
  return new IpvsError(`${operation} ${service}: there is no such service (ESRCH)`, {
    code: 'ESRCH',
    errno: -constants.errno.ESRCH,
    syscall: 'IPVS_CMD_GET_SERVICE',
    operation,
    target: service,
    missing: 'service',
  });
}

function encodeDestinations(destinations: readonly Endpoint[]): Uint8Array {
  const { size } = layout.connectionFilter.fields.destination;
  const { address, family, port } = layout.destination.fields;
  const records = new Records(new ArrayBuffer(destinations.length * size));
  for (const [index, destination] of destinations.entries()) {
    const base = index * size;
    const number = parseAddress(destination.address, records.bytes, base + address.offset);
    records.setNumber(base, family, number);
    records.setNumber(base, port, destination.port);
  }
  return records.bytes;
}
