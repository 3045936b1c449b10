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
  /** Milliseconds, mebibytes, or a ratio. */
  readonly unit: 'ms' | 'MiB' | '×';
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

/** The forms in which the library takes many operations. */
export const FORMS = ['Promise.all', 'batch()', 'sync'] as const;
export type Form = (typeof FORMS)[number];
export type ByForm<Value> = Readonly<Record<Form, Value>>;

/** The share of a function in a cost of one operation. */
export interface Cost {
  /** A module of the library, or what else causes the cost. */
  readonly module: string;
  readonly name: string;
  readonly amount: number;
}

/** A cost of one operation in the library alone, without the kernel. */
export interface ProbeFigure {
  readonly name: string;
  readonly unit: 'µs' | 'bytes' | 'calls' | 'faults';
  /** The goal: the highest acceptable value. Null for values without one. */
  readonly limit: number | null;
  readonly values: ByForm<readonly number[]>;
}

/** The longest time that the library alone blocked the event loop. */
export interface ProbeBlock {
  readonly name: string;
  /** Milliseconds, for each process. */
  readonly values: readonly number[];
}

/** What can be said about a report: how, where and when it was measured. */
export interface Session {
  readonly command: string;
  readonly date: string;
  readonly version: string;
  readonly node: string;
  readonly processor: string;
  /** True if a little of everything was run once: the figures mean nothing. */
  readonly quick: boolean;
}

/** The cost of an operation in the library alone, on a native handle that answers at once. */
export interface ProbeReport {
  readonly figures: readonly ProbeFigure[];
  /** Left out by earlier versions. */
  readonly blocks?: readonly ProbeBlock[];
  /** The calls of each function. */
  readonly calls: ByForm<readonly Cost[]>;
  /** Nanoseconds in each function in the first run of a process. */
  readonly cold: ByForm<readonly Cost[]>;
  /** The same after a warm-up. */
  readonly warm: ByForm<readonly Cost[]>;
}

/** The content of the file that `--json` writes. */
export interface Report extends Session {
  /** Empty if only the probe was measured. */
  readonly kernels: readonly KernelReport[];
  /** Left out if only kernels were measured. */
  readonly probe?: Session & ProbeReport;
}
