/**
 * What is measured, and the records of it: what the programs print, and the JSON that all reports are drawn from.
 * @module
 */
import type { DestinationConfig, ServiceAddress, ServiceConfig } from 'ipvs';

/** How much there is of what a case works on: services with destinations each, connections, or addresses of a link. */
export interface Size {
  readonly services: number;
  readonly destinations: number;
}

/** What a program prints: what it did, and how long that took. */
export interface Run {
  readonly operations: number;
  readonly milliseconds: number;
}

/** The three of whom there are figures: this library, the least that C can do, and what users would take instead. */
export type Party = 'ours' | 'floor' | 'peer';

/** A case at a size, in one kernel. */
export interface Measurement {
  readonly name: string;
  readonly party: Party;
  /** The table that it stands in. */
  readonly topic: string;
  /** The case that it is compared with. */
  readonly against: string | null;
  readonly size: Size;
  /** Operations, or objects read, in one run. */
  readonly operations: number;
  /** Microseconds for each of them: one figure a round. Of ours, after a warm-up in another namespace. */
  readonly microseconds: readonly number[];
  /** Likewise of the first time in a process, before anything is compiled. Empty where that was not measured. */
  readonly cold: readonly number[];
}

/** What is not a time for each operation. */
export interface Probe {
  readonly name: string;
  /** Milliseconds, or a multiple. */
  readonly unit: 'ms' | '×';
  /** What it must not exceed; null for what is there to compare with. */
  readonly limit: number | null;
  readonly values: readonly number[];
}

/** All that was measured in one kernel. */
export interface KernelReport {
  /** As uname prints it. */
  readonly release: string;
  readonly userMode: boolean;
  readonly measurements: readonly Measurement[];
  readonly probes: readonly Probe[];
}

/** What `--json` writes. */
export interface Report {
  readonly command: string;
  readonly date: string;
  readonly version: string;
  readonly node: string;
  readonly processor: string;
  readonly quick: boolean;
  readonly kernels: readonly KernelReport[];
}

/** The link of the addresses. */
export const LINK = 'dummy9';

/** Destinations that are deleted before others are added, where that is what is measured. */
export const DELETED = 4096;

// All addresses lie in 10.0.0.0/8, where floor.c has them too: those of services and links, and those of destinations.
const VIRTUAL = 0x0a60_0001;
const REAL = 0x0a80_0001;

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** The address of the service, or of the link, of that number. */
export const virtualAddress = (number: number) => dotted(VIRTUAL + number);
export const realAddress = (number: number) => dotted(REAL + number);

export type Balanced = readonly [ServiceConfig & ServiceAddress, readonly DestinationConfig[]];

/** The services that every program makes, with their destinations. */
export function table({ services, destinations }: Size): Balanced[] {
  return Array.from({ length: services }, (_, number) => [
    { protocol: 'tcp', address: virtualAddress(number), port: 80, scheduler: 'rr' },
    Array.from({ length: destinations }, (_, each) => ({
      address: realAddress(number * destinations + each),
      port: 8080,
      forwarding: 'masquerade',
    })),
  ]);
}

/** The same as arguments of ipvsadm, an operation each. */
export function commands(size: Size): string[][] {
  return table(size).flatMap(([service, destinations]) => {
    const name = ['-t', `${service.address}:${service.port}`];
    return [
      ['-A', ...name, '-s', 'rr'],
      ...destinations.map(({ address, port }) => ['-a', ...name, '-r', `${address}:${port}`, '-m']),
    ];
  });
}

/** The addresses of a link, as it is to have them; after a change, without the first hundredth and with as many new ones. */
export function linkAddresses(count: number, changed = false): string[] {
  const first = changed ? Math.floor(count / 100) : 0;
  return Array.from({ length: count }, (_, number) => `${virtualAddress(first + number)}/32`);
}
