/**
 * State files on the command line: formats, operands and options that several commands share.
 * @module
 */
import { DESTINATION_SETTINGS, SERVICE_SETTINGS } from '../ipvs/properties.js';
import { JSON_OUTPUT, NETNS, type Operand, type Option } from './command.js';

/** The formats of state files. */
export const FORMATS = ['yaml', 'json', 'rules'] as const;

/** A format of state files: YAML, JSON, or the rules that ipvsadm saves. */
export type StateFormat = (typeof FORMATS)[number];

/** The operand of a state file. */
export const STATE_FILE = {
  name: 'FILE',
  summary: "the state file; '-' is the standard input",
  completes: 'file',
} as const satisfies Operand;

/** The option `--format` of a state file that is read. */
const INPUT_FORMAT = {
  summary: 'the format of FILE; by default that of its extension, or of its text',
  value: FORMATS.join('|'),
  completes: FORMATS,
} as const satisfies Option;

/** The options of each command that reads a state file. */
export const READS_STATE = { format: INPUT_FORMAT, netns: NETNS } as const;

/** The option `--keep`. */
export const KEEP = {
  summary: 'leave this setting of services and destinations as it is',
  value: 'SETTING',
  repeatable: true,
  completes: [...SERVICE_SETTINGS, ...DESTINATION_SETTINGS],
} as const satisfies Option;

/** The option `--prune`. */
const PRUNE = {
  summary: 'delete the services in this scope that are not wanted; by default none are deleted',
  value: 'SCOPE',
  repeatable: true,
} as const satisfies Option;

/** The option `--drain`. */
export const DRAIN = {
  summary: 'give destinations that are not wanted weight 0 while they have connections',
} as const satisfies Option;

/** The options of `diff` and `apply`. */
export const RECONCILE = {
  prune: PRUNE,
  drain: DRAIN,
  keep: KEEP,
  json: JSON_OUTPUT,
  ...READS_STATE,
} as const;

/** The grammar of scopes, for the help: see scope.ts. */
export const SCOPE_HELP =
  "A SCOPE is 'all', or conditions that must all hold, joined by commas: network=PREFIX, " +
  'port=N or port=N-M, protocol=tcp|udp|sctp, fwmark=N or fwmark=N-M, link=NAME. Of several ' +
  'networks or protocols, one must hold. A service by firewall mark is only in a scope of fwmark.';

/** The output of the commands, for their help. */
export const OUTPUT_HELP =
  'Prints a line for each change: + is an addition, ~ an update with the old and the new ' +
  'settings, - a deletion. With --json, prints an object with the arrays changes (each with ' +
  'action, service, destination and differences), draining and errors, and with unchanged, the ' +
  'number of services and destinations that are as they should be.';
