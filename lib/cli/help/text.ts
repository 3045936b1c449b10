/**
 * The help of commands as text.
 * @module
 */
import { flagOf } from '../arguments.js';
import type { Command, Operand, Option } from '../command.js';
import { EXIT } from '../exit-status.js';
import { definitions, wrap } from './wrap.js';

/** Sentences about the command as a whole, for its help and its manual. */
export const INTRODUCTION = [
  'Controls the Linux IPVS load balancer: its services, their destinations and the connections.',
  'If the first argument begins with a hyphen, the command has the options, the output and the ' +
    "exit status of ipvsadm(8): 'ipvs -Ln', 'ipvs --help'.",
] as const;

/** Returns the list of commands. */
export function overview(commands: readonly Command[]): string {
  const [purpose, grammar] = INTRODUCTION;
  return textOf([
    'Usage: ipvs COMMAND [OPTION]... [OPERAND]...',
    '       ipvs -IPVSADM-OPTION...',
    '',
    ...wrap(purpose),
    '',
    'Commands:',
    ...definitions(commands.map(({ name, summary }) => [name, summary])),
    '',
    ...wrap("'ipvs COMMAND --help' and 'ipvs help COMMAND' describe a command."),
    '',
    ...wrap(grammar),
  ]);
}

/** Returns the help of a command. */
export function helpOf(command: Command): string {
  const { operands = [], examples } = command;
  return textOf([
    `Usage: ${synopsisOf(command)}`,
    ...command.description.flatMap((paragraph) => ['', ...wrap(paragraph)]),
    ...(operands.length === 0 ? [] : ['', 'Operands:', ...definitions(operands.map(toPair))]),
    '',
    'Options:',
    ...definitions([...optionsOf(command), HELP]),
    '',
    'Exit status:',
    ...definitions(statusesOf(command)),
    ...(examples.length === 0 ? [] : ['', 'Examples:']),
    ...definitions(examples.map((example) => [example.command, example.summary])),
  ]);
}

/** Returns the form of a command line: 'ipvs diff [OPTION]... FILE'. */
export function synopsisOf({ name, operands = [] }: Command): string {
  const words = operands.map((operand) =>
    operand.optional === undefined ? operand.name : `[${operand.name}]`,
  );
  return ['ipvs', name, '[OPTION]...', ...words].join(' ');
}

/** The option that every command has. */
export const HELP = ['-h, --help', 'print this help'] as const;

/** Returns the options of a command as they are written, with their meanings. */
export function optionsOf({ options }: Command): [term: string, meaning: string][] {
  return Object.entries(options).map(([name, option]) => [termOf(name, option), option.summary]);
}

function termOf(name: string, { value, repeatable }: Option): string {
  if (value === undefined) return flagOf(name);
  return `${flagOf(name)} ${value}${repeatable === undefined ? '' : ' ...'}`;
}

function toPair({ name, summary }: Operand): [string, string] {
  return [name, summary];
}

/** Returns the exit statuses of a command with their meanings. */
export function statusesOf({
  statuses = {},
  failure = EXIT.failure,
}: Pick<Command, 'statuses' | 'failure'>): [status: string, meaning: string][] {
  const meanings: Readonly<Record<number, string>> = {
    [EXIT.success]: 'success',
    [EXIT.usage]: 'the command line or an input file is wrong; nothing was done',
    [failure]:
      failure === EXIT.usage ? 'the command failed, or the command line is wrong' : 'failure',
    ...statuses,
  };
  return Object.entries(meanings).map(([status, meaning]) => [status, meaning]);
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
