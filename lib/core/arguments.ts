/**
 * Arguments of operations: their number, and their names in messages.
 * @module
 */
import { describeInput, isInputError, wrongValue } from './input-errors.js';
import { show } from './show.js';
import { beginAtCaller } from './stack.js';

/** The number of arguments that an operation takes. */
interface Arity {
  readonly most: number;
  /** The end of the error's message. */
  readonly hint?: string | undefined;
}

/**
 * Throws if there are more arguments than the operation takes. They are a mistake, which may be a
 * grave one: `flush(service)` does not flush one service.
 */
export function checkCount(args: readonly unknown[], { most, hint = '' }: Arity): void {
  if (args.length <= most) return;
  const takes = most === 0 ? 'no argument' : `at most ${most} argument${most === 1 ? '' : 's'}`;
  const rule = `is one too many: this operation takes ${takes}${hint}`;
  throw wrongValue(`argument ${most + 1}`, args[most], rule);
}

/**
 * Returns the checked arguments of an operation that sends no request. An input error names the
 * operation, and its stack begins at the caller.
 * @param check receives the arguments
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

/** Text without blanks, which needs no quotes. */
const PLAIN = /^[!-~]{1,80}$/;

/** Returns a short text for an argument that was refused: it stands for the target in messages. */
export function describeArgument(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : show(value);
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null ? show(value) : '';
}
