/**
 * Routines: operations of several exchanges with the kernel. One definition serves the asynchronous
 * and the synchronous form.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import { isKept } from '../core/stack.js';
import type { Client } from './client.js';
import type { ClientTypes } from './client-types.js';
import type { Call } from './operation.js';

/** The path of a file, and the text to write to it. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** The work that a routine yields, to continue with its result. */
type Step<Types extends ClientTypes> =
  /** Calls that are sent together. */
  | { readonly calls: readonly Call<Types, unknown>[] }
  /** Files to read. */
  | { readonly paths: readonly string[] }
  /** Files to write, up to the first that cannot be written. */
  | { readonly files: readonly FileText[] }
  /** Other work, of which the form that fits is run. */
  | Work<unknown>;

/** Work in both forms. */
interface Work<Value> {
  readonly begin: () => Promise<Value>;
  readonly runSync: () => Value;
}

/** A generator that yields its calls, and the files to read or write, and receives the results. */
export type Routine<Types extends ClientTypes, Value> = Generator<Step<Types>, Value, unknown>;

/** A routine that only reads and writes files. */
export type FileRoutine<Value> = Routine<never, Value>;

/**
 * Returns the routine of an operation with these arguments.
 * @param make returns the routine. Arguments beyond its parameters are refused
 * @param subject returns the name of the operation's object, for input errors without a target
 * @throws TypeError, RangeError: bad input, when the routine is run
 */
export function* routineOf<Types extends ClientTypes, Value, Args extends readonly unknown[]>(
  make: (...args: Args) => Routine<Types, Value>,
  args: Args,
  subject: (...args: Args) => string = () => '',
): Routine<Types, Value> {
  try {
    checkCount(args, { most: make.length });
    return yield* make(...args);
  } catch (error) {
    if (isInputError(error) && !isKept(error)) {
      describeInput(error, '', error.target || subject(...args));
    }
    throw error;
  }
}

/** Sends calls together. Returns their results in the same order. */
export function* send<Types extends ClientTypes, Value>(
  calls: readonly Call<Types, Value>[],
): Routine<Types, readonly PromiseSettledResult<Value>[]> {
  // The runner passes in the results of these calls.
  return (yield { calls }) as readonly PromiseSettledResult<Value>[];
}

/** Reads files. Returns the text of each, or the errno if it cannot be read. */
export function* readFiles(paths: readonly string[]): FileRoutine<readonly (string | number)[]> {
  // The runner passes in the results of these files.
  return (yield { paths }) as readonly (string | number)[];
}

/** Writes files up to the first that cannot be written. Returns the errno of each, or 0. */
export function* writeFiles(files: readonly FileText[]): FileRoutine<readonly number[]> {
  // The runner passes in the results of these files.
  return (yield { files }) as readonly number[];
}

/** Runs other work. Returns its value, or throws its error. */
export function* run<Value>(work: Work<Value>): Routine<never, Value> {
  // The runner passes in the value of this work.
  return (yield work) as Value;
}

/**
 * Runs a routine that was begun.
 * @param begun the first step, which the routine has yielded already
 * @param run sends one call
 */
export async function runRoutine<Types extends ClientTypes, Value>(
  begun: IteratorResult<Step<Types>, Value>,
  routine: Routine<Types, Value>,
  files: Client<Types>['files'],
  run: (call: Call<Types, unknown>) => Promise<unknown>,
): Promise<Value> {
  let step = begun;
  while (step.done !== true) {
    const wanted = step.value;
    let result: unknown;
    try {
      if ('calls' in wanted) result = await Promise.allSettled(wanted.calls.map(run));
      else if ('paths' in wanted) result = await files.readFiles(wanted.paths);
      else if ('files' in wanted) result = await files.writeFiles(wanted.files);
      else result = await wanted.begin();
    } catch (error) {
      step = routine.throw(error);
      continue;
    }
    step = routine.next(result);
  }
  return step.value;
}

/**
 * Runs a routine on this thread.
 * @param runAll sends calls together, and returns their results in the same order
 */
export function runRoutineSync<Types extends ClientTypes, Value>(
  routine: Routine<Types, Value>,
  files: Client<Types>['files'],
  runAll: (calls: readonly Call<Types, unknown>[]) => unknown,
): Value {
  let step = routine.next();
  while (step.done !== true) {
    const wanted = step.value;
    let result: unknown;
    try {
      if ('calls' in wanted) result = runAll(wanted.calls);
      else if ('paths' in wanted) result = files.readFilesSync(wanted.paths);
      else if ('files' in wanted) result = files.writeFilesSync(wanted.files);
      else result = wanted.runSync();
    } catch (error) {
      step = routine.throw(error);
      continue;
    }
    step = routine.next(result);
  }
  return step.value;
}
