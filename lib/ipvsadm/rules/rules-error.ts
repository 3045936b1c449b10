/**
 * The errors of rules: they name line, column, word and rule.
 * @module
 */
import { amend } from '../../core/errors.js';
import {
  describeInput,
  type InputError,
  isInputError,
  wrongValue,
} from '../../core/input-errors.js';

/** A place in a text. */
export interface Place {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, in units of UTF-16, as a string is indexed. */
  readonly column: number;
}

/**
 * The error of rules that cannot be read: an {@link InputError} that says where. Its message has
 * all of it: `parseRules: line 3, column 8: '10.0.0.1:99999' is not the address of a service: ...`.
 */
export interface RulesError extends InputError, Place {
  /** The word that is wrong, as it is in the text; of a line that lacks something, its command. */
  readonly word: string;
  /** The rule that the word breaks: 'is not an integer from 0 to 2147483647'. */
  readonly rule: string;
}

/**
 * Returns true for the error of {@link parseRules} that says where a text is wrong.
 * @example
 * ```ts
 * import { isRulesError, parseRules } from 'ipvs/ipvsadm';
 *
 * try {
 *   parseRules('-A -t 10.96.0.1:80 -s rr\n-a -t 10.96.0.1:80 -r 10.1.1.2:80 -w many');
 * } catch (error) {
 *   if (!isRulesError(error)) throw error;
 *   console.error(error.line, error.column, error.word, error.rule); // 2 38 many is not ...
 * }
 * ```
 */
export function isRulesError(error: unknown): error is RulesError {
  return isInputError(error) && 'line' in error && 'column' in error;
}

/** Creates the error for a word of rules. @internal */
export function rulesError(word: string, rule: string, { line, column }: Place): InputError {
  const error = wrongValue(`line ${line}, column ${column}`, word, rule);
  describeInput(error, 'parseRules', '');
  return amend(error, { line, column, word, rule });
}
