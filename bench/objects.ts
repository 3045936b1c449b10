/**
 * The services, destinations and addresses that every measured program adds.
 * @module
 */
import type { DestinationConfig, ServiceAddress, ServiceConfig, State } from 'ipvs';
import type { Size } from './measurements.js';

/** The dummy link that gets the addresses. */
export const LINK = 'dummy9';

/** The number of destinations that are deleted first where the cost after deletions is measured. */
export const DELETED = 4096;

/** The time to wait for the kernel, which frees deleted objects later. */
export const KERNEL_CLEANUP_MS = 200;

// All addresses are in 10.0.0.0/8, as in programs/floor.c: those of services and links from
// VIRTUAL on, those of destinations from REAL on.
const VIRTUAL = 0x0a60_0001;
const REAL = 0x0a80_0001;

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Returns the address of the service with that number; also used as an address of the link. */
export const virtualAddress = (number: number) => dotted(VIRTUAL + number);
export const realAddress = (number: number) => dotted(REAL + number);

/** A service and its destinations. */
export type ServiceEntry = readonly [ServiceConfig & ServiceAddress, readonly DestinationConfig[]];

/** Returns the services that every program adds, with their destinations. */
export function serviceTable({ services, destinations }: Size): ServiceEntry[] {
  return Array.from({ length: services }, (_, number) => [
    { protocol: 'tcp', address: virtualAddress(number), port: 80, scheduler: 'rr' },
    Array.from({ length: destinations }, (_, each) => ({
      address: realAddress(number * destinations + each),
      port: 8080,
      forwarding: 'masquerade',
    })),
  ]);
}

/** Returns the same table as a state. */
export function stateOf(table: readonly ServiceEntry[]): State {
  return { services: table.map(([service, destinations]) => ({ ...service, destinations })) };
}

/** Returns the same table as arguments of ipvsadm, one list for each operation. */
export function ipvsadmArguments(size: Size): string[][] {
  return serviceTable(size).flatMap(([service, destinations]) => {
    const name = ['-t', `${service.address}:${service.port}`];
    return [
      ['-A', ...name, '-s', 'rr'],
      ...destinations.map(({ address, port }) => ['-a', ...name, '-r', `${address}:${port}`, '-m']),
    ];
  });
}

/**
 * Returns the addresses that the link should have. With `changed`, the first hundredth is replaced
 * by as many new addresses.
 */
export function linkAddresses(count: number, changed = false): string[] {
  const first = changed ? Math.floor(count / 100) : 0;
  return Array.from({ length: count }, (_, number) => `${virtualAddress(first + number)}/32`);
}
