/**
 * Procedures: what takes several exchanges with the kernel, written once for callers who await them and callers who do not.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import type { NativeHandle } from '../native/addon.js';
import type { Outcome } from './outcome.js';
import type { Call } from './packed.js';

/** What a procedure asks for, and waits for. */
type Step<Buffer, Answers> =
  /** Calls that leave together. */
  | { readonly calls: readonly Call<Buffer, Answers, unknown>[] }
  /** Files to be read. */
  | { readonly paths: readonly string[] }
  /** Files to be written, until one cannot be. */
  | { readonly files: readonly FileText[] };

/** A file with what it is to hold. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** Yields what it asks for, and goes on with the answer. */
export type Procedure<Buffer, Answers, Value> = Generator<Step<Buffer, Answers>, Value, unknown>;

/**
 * The procedure that `make` makes of the arguments of an operation. It takes no more of them than
 * `make`.
 * @param subject what the operation is about, for input errors that do not say
 */
export function* given<Buffer, Answers, Value, Args extends readonly unknown[]>(
  make: (...args: Args) => Procedure<Buffer, Answers, Value>,
  args: Args,
  subject: (...args: Args) => string = () => '',
): Procedure<Buffer, Answers, Value> {
  try {
    checkCount(args, { most: make.length });
    return yield* make(...args);
  } catch (error) {
    if (isInputError(error)) describeInput(error, '', error.target || subject(...args));
    throw error;
  }
}

/** What has become of calls, in their order. */
export function* ask<Buffer, Answers, Value>(
  calls: readonly Call<Buffer, Answers, Value>[],
): Procedure<Buffer, Answers, readonly Outcome<Value>[]> {
  // Whoever follows answers each call with what it reads, or with what it throws.
  return (yield { calls }) as readonly Outcome<Value>[];
}

/** What files hold, or the errno. */
export function* readFiles<Buffer, Answers>(
  paths: readonly string[],
): Procedure<Buffer, Answers, readonly (string | number)[]> {
  // What the addon reads.
  return (yield { paths }) as readonly (string | number)[];
}

/** Writes files; the errno of each, or 0. */
export function* writeFiles<Buffer, Answers>(
  files: readonly FileText[],
): Procedure<Buffer, Answers, readonly number[]> {
  // What the addon says.
  return (yield { files }) as readonly number[];
}

/** Follows a procedure that has `begun`. */
export async function follow<Buffer, Answers, Value>(
  begun: IteratorResult<Step<Buffer, Answers>, Value>,
  procedure: Procedure<Buffer, Answers, Value>,
  handle: Pick<NativeHandle, 'readFiles' | 'writeFiles'>,
  run: (call: Call<Buffer, Answers, unknown>) => Promise<unknown>,
): Promise<Value> {
  const answer = (step: Step<Buffer, Answers>): Promise<unknown> => {
    if ('calls' in step) return Promise.allSettled(step.calls.map(run));
    return 'paths' in step ? handle.readFiles(step.paths) : handle.writeFiles(step.files);
  };
  let step = begun;
  while (step.done !== true) step = procedure.next(await answer(step.value));
  return step.value;
}

/** Follows a procedure without letting anybody else have a turn. */
export function followSync<Buffer, Answers, Value>(
  procedure: Procedure<Buffer, Answers, Value>,
  handle: Pick<NativeHandle, 'readFilesSync' | 'writeFilesSync'>,
  runAll: (calls: readonly Call<Buffer, Answers, unknown>[]) => unknown,
): Value {
  const answer = (step: Step<Buffer, Answers>): unknown => {
    if ('calls' in step) return runAll(step.calls);
    return 'paths' in step ? handle.readFilesSync(step.paths) : handle.writeFilesSync(step.files);
  };
  let step = procedure.next();
  while (step.done !== true) step = procedure.next(answer(step.value));
  return step.value;
}
