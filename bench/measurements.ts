/**
 * The types of measurements and reports: what the measured programs print, and the JSON file that
 * tables and charts are made from.
 * @module
 */

/**
 * The amount of work of a case: services with a number of destinations each. For connections and
 * for addresses of a link, `services` is their number.
 */
export interface Size {
  readonly services: number;
  readonly destinations: number;
}

/** The output of a measured program: the number of operations, and the time they took. */
export interface Run {
  readonly operations: number;
  readonly milliseconds: number;
}

/**
 * The implementations that are compared: this library, the fastest possible C program, and the
 * alternatives that users have.
 */
export type Implementation = 'ipvs' | 'floor' | 'alternative';

/** The measurement of a case at one size, on one kernel. */
export interface Measurement {
  readonly name: string;
  readonly implementation: Implementation;
  /** The table of the report that shows it. */
  readonly topic: string;
  /** The name of the case that it is compared with. */
  readonly baseline: string | null;
  readonly size: Size;
  /** The number of operations, or of objects read, in one run. */
  readonly operations: number;
  /**
   * Microseconds per operation, one figure for each round. For the library: after a warm-up in
   * another namespace.
   */
  readonly microseconds: readonly number[];
  /**
   * The same for the first run in a process, before V8 has compiled anything. Empty if that was
   * not measured.
   */
  readonly cold: readonly number[];
}

/** A property of the library other than time per operation, such as memory. */
export interface Footprint {
  readonly name: string;
  /** Milliseconds, or a ratio. */
  readonly unit: 'ms' | '×';
  /** The goal: the highest acceptable value. Null for values that are only shown for comparison. */
  readonly limit: number | null;
  readonly values: readonly number[];
}

/** All measurements on one kernel. */
export interface KernelReport {
  /** The release, as uname prints it. */
  readonly release: string;
  readonly userMode: boolean;
  readonly measurements: readonly Measurement[];
  readonly footprint: readonly Footprint[];
}

/** The content of the file that `--json` writes. */
export interface Report {
  readonly command: string;
  readonly date: string;
  readonly version: string;
  readonly node: string;
  readonly processor: string;
  readonly quick: boolean;
  readonly kernels: readonly KernelReport[];
}
