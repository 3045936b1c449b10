/**
 * Routines: operations of several exchanges with the kernel, written once for callers who await
 * them and for callers who do not.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import type { Client } from './client.js';
import type { ClientTypes } from './client-types.js';
import type { Call } from './operation.js';

/** A file, and the text to write to it. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** What a routine waits for. */
type Step<Types extends ClientTypes> =
  /** Calls that are sent together. */
  | { readonly calls: readonly Call<Types, unknown>[] }
  /** Files to read. */
  | { readonly paths: readonly string[] }
  /** Files to write, up to the first that cannot be written. */
  | { readonly files: readonly FileText[] };

/** A generator that yields what it waits for, and continues with the result. */
export type Routine<Types extends ClientTypes, Value> = Generator<Step<Types>, Value, unknown>;

/** A routine that only reads and writes files. */
export type FileRoutine<Value> = Routine<never, Value>;

/**
 * Returns the routine that `make` makes of the arguments of an operation, of which there must be
 * no more than `make` has parameters.
 * @param subject names the object of the operation, for input errors that do not
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
    if (isInputError(error)) describeInput(error, '', error.target || subject(...args));
    throw error;
  }
}

/** Sends calls together; returns their results in the same order. */
export function* send<Types extends ClientTypes, Value>(
  calls: readonly Call<Types, Value>[],
): Routine<Types, readonly PromiseSettledResult<Value>[]> {
  // The results are those of the calls.
  return (yield { calls }) as readonly PromiseSettledResult<Value>[];
}

/** Reads files; returns the text, or the errno, of each. */
export function* readFiles(paths: readonly string[]): FileRoutine<readonly (string | number)[]> {
  // The results are those of the files.
  return (yield { paths }) as readonly (string | number)[];
}

/** Writes files; returns the errno of each, or 0. */
export function* writeFiles(files: readonly FileText[]): FileRoutine<readonly number[]> {
  // The results are those of the files.
  return (yield { files }) as readonly number[];
}

/**
 * Runs a routine.
 * @param begun the first step, which was taken already
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
    if ('calls' in wanted) result = await Promise.allSettled(wanted.calls.map(run));
    else if ('paths' in wanted) result = await files.readFiles(wanted.paths);
    else result = await files.writeFiles(wanted.files);
    step = routine.next(result);
  }
  return step.value;
}

/** Runs a routine on this thread. */
export function runRoutineSync<Types extends ClientTypes, Value>(
  routine: Routine<Types, Value>,
  files: Client<Types>['files'],
  runAll: (calls: readonly Call<Types, unknown>[]) => unknown,
): Value {
  let step = routine.next();
  while (step.done !== true) {
    const wanted = step.value;
    let result: unknown;
    if ('calls' in wanted) result = runAll(wanted.calls);
    else if ('paths' in wanted) result = files.readFilesSync(wanted.paths);
    else result = files.writeFilesSync(wanted.files);
    step = routine.next(result);
  }
  return step.value;
}
