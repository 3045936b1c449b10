/**
 * Failures of commands, as text for people.
 * @module
 */
import { faultOf } from '../core/input-errors.js';
import { IpvsError, isInputError, ReconcileError } from '../index.js';
import { flagOf } from './arguments.js';

/** An input file that cannot be used. Nothing was done. */
export class InputFileError extends Error {
  override readonly name = 'InputFileError';
}

/** A failure for which the command has words of its own. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Returns the lines for an error: its message, and of a reconciliation one line for each refused
 * change. An error that nobody expects has its stack, for a report.
 * @param prefix the name of the command
 */
export function describeFailure(prefix: string, error: unknown): string {
  if (error instanceof ReconcileError) {
    const refusals = error.errors.map(({ message }) => `${prefix}: ${message}\n`);
    return refusals.length === 0 ? `${prefix}: ${error.message}\n` : refusals.join('');
  }
  const option = optionFaultOf(error);
  if (option !== undefined) return `${prefix}: ${option}\n`;
  return `${prefix}: ${isExpected(error) ? withFlags(error.message) : describeBug(error)}\n`;
}

/** Returns a message of the library with the names that its options have on the command line. */
function withFlags(message: string): string {
  return message.replace(/\boptions\.(\w+)/g, (_, name: string) => flagOf(name));
}

/** Returns the message for a bad option of the library, whose name is that of the command line. */
function optionFaultOf(error: unknown): string | undefined {
  const found = faultOf(error);
  const [, name, rest] = /^options\.(\w+)(.*)$/.exec(found?.property ?? '') ?? [];
  if (name === undefined) return undefined;
  return `${flagOf(OTHER_NAMES[name] ?? name)}${rest}: ${found?.fault}`;
}

/** The options of the library that have another name in the command: one value each time. */
const OTHER_NAMES: Readonly<Record<string, string>> = { schedulers: 'scheduler' };

function isExpected(error: unknown): error is Error {
  if (error instanceof InputFileError || error instanceof CommandError) return true;
  if (error instanceof IpvsError || isInputError(error)) return true;
  // The errors of system calls of Node.js, such as of reading a file.
  return error instanceof Error && 'syscall' in error;
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
