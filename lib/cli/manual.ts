/**
 * The manual page ipvs(8), from the table of commands. The build writes it.
 * @module
 */
import type { Command } from './command.js';
import { commands } from './commands.js';
import { EXIT } from './exit-status.js';
import { HELP, INTRODUCTION, optionsOf, statusesOf, synopsisOf } from './help/text.js';

/** Returns the manual page in the language of man(7). */
export function manual(version: string): string {
  const lines = [
    `.TH IPVS 8 "" "ipvs ${version}" "System Administration"`,
    '.SH NAME',
    'ipvs \\- control the Linux IPVS load balancer',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => [`.B ${roff(synopsisOf(command))}`, '.br']),
    `.B ${roff('ipvs -IPVSADM-OPTION...')}`,
    '.SH DESCRIPTION',
    ...paragraphs(INTRODUCTION),
    ...paragraphs(NOTES),
    '.SH COMMANDS',
    ...paragraphs(['Each command has the option']),
    ...definition(...HELP),
    ...commands.flatMap(sectionOf),
    '.SH STATE FILES',
    ...paragraphs(STATE_FILES),
    '.SH EXIT STATUS',
    ...paragraphs(['Of commands that do not say otherwise:']),
    ...EXIT_STATUSES.flatMap(([status, meaning]) => definition(status, meaning)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => definition(name, meaning)),
    '.SH EXAMPLES',
    ...commands.flatMap(({ examples }) =>
      examples.flatMap(({ command, summary }) => definition(command, summary)),
    ),
    '.SH SEE ALSO',
    '.BR ipvsadm (8),',
    '.BR ip\\-netns (8),',
    '.BR sysctl (8)',
  ];
  return `${lines.join('\n')}\n`;
}

const NOTES = [
  'The command needs CAP_NET_ADMIN in the initial user namespace; with --netns, CAP_SYS_ADMIN too.',
] as const;

const EXIT_STATUSES = [
  ...statusesOf({}),
  [String(EXIT.closedPipe), 'the reader of the output has gone, as after SIGPIPE'],
] as const;

const ENVIRONMENT = [
  ['NO_COLOR', 'if set and not empty, no colours are used in a terminal'],
  ['IPVS_COMPAT', "if 1, the command with ipvsadm's grammar copies the mistakes of ipvsadm"],
  [
    'NODE_NAME',
    'the name of the Node object of ipvs kubernetes; an option and its configuration prevail',
  ],
  [
    'KUBECONFIG',
    'the kubeconfig of ipvs kubernetes, unless an option or its configuration names one',
  ],
] as const;

const STATE_FILES = [
  'A state file is JSON or YAML: an object with the array services. A service has protocol, ' +
    'address and port, or fwmark (with family ipv6 for IPv6), and may have scheduler, ' +
    'schedulerFlags, persistence, onePacket and destinations. A destination has address and ' +
    'port, and may have forwarding, weight, upperThreshold, lowerThreshold and tunnel.',
  'The extensions .yaml, .yml and .json name these formats. A file with the extension .rules, or ' +
    'whose first line is a command line of ipvsadm, has the rules that ipvsadm saves.',
  'The package has a JSON Schema of the file, dist/state.schema.json, for editors. The property ' +
    '$schema of the file may name it.',
] as const;

function sectionOf(command: Command): string[] {
  const { operands = [], description } = command;
  return [
    `.SS ${roff(synopsisOf(command))}`,
    ...paragraphs(description),
    ...operands.flatMap(({ name, summary }) => definition(name, summary)),
    ...optionsOf(command).flatMap(([term, meaning]) => definition(term, meaning)),
    ...(command.statuses === undefined ? [] : exitStatusesOf(command)),
  ];
}

/** Returns the exit statuses of a command that are not those of most. */
function exitStatusesOf(command: Command): string[] {
  return [
    ...paragraphs(['Exit status:']),
    ...statusesOf(command).flatMap(([status, meaning]) => definition(status, meaning)),
  ];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text) => ['.PP', roff(text)]);
}

function definition(term: string, meaning: string): string[] {
  return ['.TP', `.B ${roff(term)}`, roff(meaning)];
}

/** Returns a text as roff prints it: no character of it is a request or an escape. */
function roff(text: string): string {
  const escaped = text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/"/g, '\\(dq')
    .replace(/[^ -~]/gu, (character) => `\\[u${codeOf(character)}]`);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Returns the code point of a character, as roff writes it. */
function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
