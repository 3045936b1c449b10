/**
 * The grammar of ipvsadm as tables: its commands, its options, and which command takes which
 * option. Names are those that the program uses in messages.
 * @module
 */
import type { TunnelType } from '../../ipvs/names.js';

/**
 * The settings of options. Options of one topic, such as `-t` and `-u`, exclude one another. The
 * order is that in which the program looks for options that a command does not take.
 */
export const TOPICS = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
] as const;

/** The topic of an option: the setting, by its name in messages. */
export type Topic = (typeof TOPICS)[number];

/** The value of an option: none, required, or taken if the next word is no option. */
type Value = 'none' | 'required' | 'optional';

/** The name of an option: its long name. */
export type OptionName = keyof typeof OPTIONS;

/**
 * Describes an option: its letter ('' if it has none), its topic, and how it takes a value. An
 * option without a topic may be repeated.
 */
const option = (short: string, topic: Topic | undefined, value: Value = 'none') =>
  ({ short, topic, value }) as const;

/** The options by their long names. */
export const OPTIONS = {
  'tcp-service': option('t', 'service-address', 'required'),
  'udp-service': option('u', 'service-address', 'required'),
  'sctp-service': option('', 'service-address', 'required'),
  'fwmark-service': option('f', 'service-address', 'required'),
  ipv6: option('6', undefined),
  scheduler: option('s', 'scheduler', 'required'),
  persistent: option('p', 'persistent', 'optional'),
  netmask: option('M', 'netmask', 'required'),
  pe: option('', 'pe', 'required'),
  'sched-flags': option('b', 'sched-flags', 'required'),
  ops: option('o', 'ops'),
  'real-server': option('r', 'real-server', 'required'),
  gatewaying: option('g', 'forwarding-method'),
  ipip: option('i', 'forwarding-method'),
  masquerading: option('m', 'forwarding-method'),
  weight: option('w', 'weight', 'required'),
  'u-threshold': option('x', 'u-threshold', 'required'),
  'l-threshold': option('y', 'l-threshold', 'required'),
  'tun-type': option('', 'tun-type', 'required'),
  'tun-port': option('', 'tun-port', 'required'),
  'tun-nocsum': option('', 'tun-nocsum'),
  'tun-csum': option('', 'tun-csum'),
  'tun-remcsum': option('', 'tun-remcsum'),
  numeric: option('n', 'numeric'),
  connection: option('c', 'connection'),
  timeout: option('', 'timeout'),
  daemon: option('', 'daemon'),
  stats: option('', 'stats'),
  rate: option('', 'rate'),
  thresholds: option('', 'thresholds'),
  'persistent-conn': option('', 'persistent-conn'),
  'tun-info': option('', 'tun-info'),
  nosort: option('', 'nosort'),
  sort: option('', undefined),
  exact: option('X', 'exact'),
  'mcast-interface': option('', 'mcast-interface', 'required'),
  syncid: option('', 'syncid', 'required'),
  'sync-maxlen': option('', 'sync-maxlen', 'required'),
  'mcast-group': option('', 'mcast-group', 'required'),
  'mcast-port': option('', 'mcast-port', 'required'),
  'mcast-ttl': option('', 'mcast-ttl', 'required'),
} as const;

/** A command: how it is given, and the options that it takes. */
export interface Command {
  /** Its letters. */
  readonly short: string;
  readonly long: string;
  /** True if it takes a value, as `--start-daemon master`. */
  readonly value: boolean;
  readonly required: readonly Topic[];
  readonly optional: readonly Topic[];
}

const SERVICE = ['scheduler', 'persistent', 'netmask', 'ops', 'pe', 'sched-flags'] as const;
const TUNNEL = ['tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const;
const LIMITS = ['weight', 'u-threshold', 'l-threshold'] as const;
const SERVER = ['forwarding-method', ...LIMITS, ...TUNNEL] as const;
const BOTH = ['service-address', 'real-server'] as const;

/** Describes a command. */
const command = (
  short: string,
  long: string,
  required: readonly Topic[] = [],
  optional: readonly Topic[] = [],
  value = false,
): Command => ({ short, long, value, required, optional });

/** The commands, by the names in messages. */
export const COMMANDS = {
  'add-service': command('A', 'add-service', ['service-address'], SERVICE),
  'edit-service': command('E', 'edit-service', ['service-address'], SERVICE),
  'delete-service': command('D', 'delete-service', ['service-address']),
  'add-server': command('a', 'add-server', BOTH, SERVER),
  'edit-server': command('e', 'edit-server', BOTH, SERVER),
  'delete-server': command('d', 'delete-server', BOTH),
  flush: command('C', 'clear'),
  list: command(
    'Ll',
    'list',
    [],
    [
      'numeric',
      'connection',
      'service-address',
      'timeout',
      'daemon',
      'stats',
      'rate',
      'thresholds',
      'persistent-conn',
      'nosort',
      'exact',
      'tun-info',
      // It has no effect.
      'syncid',
    ],
  ),
  save: command('S', 'save', [], ['numeric']),
  restore: command('R', 'restore'),
  zero: command('Z', 'zero', [], ['service-address']),
  set: command('', 'set'),
  'start-daemon': command(
    '',
    'start-daemon',
    [],
    ['mcast-interface', 'syncid', 'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen'],
    true,
  ),
  'stop-daemon': command('', 'stop-daemon', [], ['syncid'], true),
  help: command('h', 'help'),
  version: command('v', 'version'),
} as const satisfies Record<string, Command>;

/** The name of a command in messages. */
export type CommandName = keyof typeof COMMANDS;

/** The options of the list command of which at most one may be given. */
export const LISTED: readonly Topic[] = ['connection', 'service-address', 'timeout', 'daemon'];

/** The options that a type of tunnel takes beside `--tun-type`. */
interface TunnelRules {
  readonly required: readonly Topic[];
  /** At most one of these may be given. */
  readonly oneOf: readonly Topic[];
}

/** The tunnel options of each tunnel type. */
export const TUNNEL_OPTIONS: Readonly<Record<TunnelType, TunnelRules>> = {
  ipip: { required: [], oneOf: [] },
  gue: { required: ['tun-port'], oneOf: ['tun-nocsum', 'tun-csum', 'tun-remcsum'] },
  gre: { required: [], oneOf: ['tun-nocsum', 'tun-csum'] },
};

/** An option, or a command, which is an option to the words of a command line. */
export type Flag =
  | { readonly kind: 'option'; readonly name: OptionName; readonly value: Value }
  | { readonly kind: 'command'; readonly name: CommandName; readonly value: Value };

const flags: readonly (Flag & { readonly short: string; readonly long: string })[] = [
  // Object.keys() gives the keys of the tables.
  ...(Object.keys(OPTIONS) as OptionName[]).map((name) => ({
    kind: 'option' as const,
    name,
    value: OPTIONS[name].value,
    short: OPTIONS[name].short,
    long: name,
  })),
  ...(Object.keys(COMMANDS) as CommandName[]).map((name) => ({
    kind: 'command' as const,
    name,
    value: COMMANDS[name].value ? ('required' as const) : ('none' as const),
    short: COMMANDS[name].short,
    long: COMMANDS[name].long,
  })),
];

/** The options and commands by letter. */
export const BY_LETTER: ReadonlyMap<string, Flag> = new Map(
  flags.flatMap((flag) => [...flag.short].map((letter) => [letter, flag] as const)),
);
/** The options and commands by long name. */
export const BY_NAME: ReadonlyMap<string, Flag> = new Map(
  flags.map((flag) => [flag.long, flag] as const),
);
