/**
 * Arguments of operations: how many there may be, and how messages call them.
 * @module
 */
import { describeInput, isInputError, wrongValue } from './input-errors.js';
import { show } from './show.js';
import { beginAtCaller } from './stack.js';

/** How many arguments an operation takes. */
export interface Arity {
  readonly most: number;
  /** What the error says besides. */
  readonly hint?: string | undefined;
}

/**
 * Refuses arguments that an operation does not take: they are a mistake, and some make all the
 * difference.
 */
export function checkCount(args: readonly unknown[], { most, hint = '' }: Arity): void {
  if (args.length <= most) return;
  const takes = most === 0 ? 'no argument' : `at most ${most} argument${most === 1 ? '' : 's'}`;
  const rule = `is one too many: this operation takes ${takes}${hint}`;
  throw wrongValue(`argument ${most + 1}`, args[most], rule);
}

/**
 * Checks the arguments of an operation that is no request. Its input errors say which operation it
 * was, and begin at the caller.
 * @param check is given the arguments
 */
export function checkArguments<Value>(
  operation: string,
  args: readonly unknown[],
  most: number,
  check: (...args: readonly unknown[]) => Value,
): Value {
  try {
    checkCount(args, { most });
    return check(...args);
  } catch (error) {
    if (isInputError(error)) describeInput(error, operation, '');
    throw beginAtCaller(error, operation);
  }
}

/** A name without blanks that needs no quotes. */
const PLAIN = /^[!-~]{1,80}$/;

/** What an argument names that could not be read, in short; '' if it names nothing. */
export function subjectOf(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : show(value);
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null ? show(value) : '';
}
