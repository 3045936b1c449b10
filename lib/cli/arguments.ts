/**
 * Parsing of the arguments of a subcommand by its row.
 * @module
 */
import { parseArgs } from 'node:util';
import { typoHint } from '../core/typos.js';
import type { Command, Completes, Option, Options, Values } from './command.js';

/** A command line that is wrong: exit status 2, before anything is done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The arguments of a command. */
export interface Parsed {
  /** The texts of the options that are given, by name; `''` for an option without a value. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** True if help is wanted. The rest is not checked then. */
  readonly help: boolean;
}

/** Returns an option as it is written: `maxDeletions` is `--max-deletions`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Parses the arguments after the name of the command.
 * @throws UsageError
 */
export function parseArguments(
  { options, operands = [] }: Pick<Command, 'options' | 'operands'>,
  args: readonly string[],
): Parsed {
  const names = new Map(Object.keys(options).map((name) => [flagOf(name), name]));
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        [...names].map(([flag, name]) => [
          flag.slice(2),
          { type: options[name]?.value === undefined ? 'boolean' : 'string' } as const,
        ]),
      ),
    },
  });
  const texts = new Map<string, string[]>();
  const given: string[] = [];
  const help = tokens.some((token) => token.kind === 'option' && token.name === 'help');
  if (help) return { texts, operands: given, help };
  for (const token of tokens) {
    if (token.kind === 'positional') given.push(token.value);
    if (token.kind !== 'option') continue;
    const name = names.get(token.rawName);
    const option = name === undefined ? undefined : options[name];
    if (name === undefined || option === undefined) throw unknownOption(token.rawName, names);
    const before = texts.get(name) ?? [];
    checkOption(token.rawName, option, token.value, before);
    texts.set(name, [...before, token.value ?? '']);
  }
  const last = tokens.findLast((token) => token.kind !== 'option-terminator');
  const isTaken = last?.kind === 'option' && last.value !== undefined && !last.inlineValue;
  const taken = isTaken ? `; '${last.value}' is the value of ${last.rawName}` : '';
  checkOperands(operands, given, taken);
  return { texts, operands: given, help };
}

function unknownOption(flag: string, names: ReadonlyMap<string, string>): UsageError {
  const known = [...names.keys(), '--help'];
  const hint = typoHint(flag, known) || `: one of ${known.join(', ')}`;
  return new UsageError(`${flag} is not a known option${hint}`);
}

function checkOption(
  flag: string,
  { value, repeatable, completes }: Option,
  text: string | undefined,
  before: readonly string[],
): void {
  if (value === undefined && text !== undefined) {
    throw new UsageError(`${flag}: the option takes no value, but has '${text}'`);
  }
  if (value !== undefined && text === undefined) {
    throw new UsageError(`${flag}: the value is missing: ${flag} ${value}`);
  }
  if (before.length > 0 && repeatable === undefined) {
    throw new UsageError(`${flag} is given twice`);
  }
  if (text !== undefined) checkChoice(flag, text, completes);
}

/** Checks a word that has a list of possible values. */
function checkChoice(name: string, text: string, completes: Completes | undefined): void {
  if (typeof completes !== 'object' || completes.includes(text)) return;
  const hint = typoHint(text, completes);
  throw new UsageError(`${name}: '${text}' is not one of ${completes.join(', ')}${hint}`);
}

/** @param taken says that an option took the last word, which may be meant as an operand */
function checkOperands(
  operands: NonNullable<Command['operands']>,
  given: readonly string[],
  taken: string,
): void {
  const missing = operands[given.length];
  if (missing !== undefined && missing.optional === undefined) {
    throw new UsageError(`${missing.name} is missing: ${missing.summary}${taken}`);
  }
  for (const [index, text] of given.entries()) {
    const operand = operands[index];
    if (operand !== undefined) checkChoice(operand.name, text, operand.completes);
  }
  const surplus = given[operands.length];
  if (surplus === undefined) return;
  const takes = operands.length === 0 ? 'no operand' : operands.map(({ name }) => name).join(' ');
  throw new UsageError(`'${surplus}' is one too many: the command takes ${takes}`);
}

/** Returns the values of options, typed by their rows. */
export function readValues<Given extends Options>(
  options: Given,
  texts: Parsed['texts'],
): Values<Given> {
  const values = Object.entries(options).map(([name, { value, repeatable }]) => {
    const given = texts.get(name) ?? [];
    if (value === undefined) return [name, given.length > 0];
    return [name, repeatable === undefined ? given[0] : given];
  });
  // The entries follow ValueOf case by case.
  return Object.fromEntries(values) as Values<Given>;
}

/**
 * Returns the integer that is the value of an option, or undefined if the option is not given.
 * @throws UsageError
 */
export function integerOf(
  flag: string,
  text: string | undefined,
  [min, max]: readonly [min: number, max: number],
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag}: '${text}' is not an integer from ${min} to ${max}`);
}
