/**
 * The checks of a whole command line: which options go with a command, and which go together.
 * @module
 */
import { isFlagName, type NamedFlag, schedulerFlags } from '../../ipvs/schedulers.js';
import { CommandLineError } from './command-line-error.js';
import { COMMANDS, LISTED, TOPICS, type Topic, TUNNEL_OPTIONS } from './grammar.js';
import type { Draft, Invocation } from './invocation.js';

/**
 * Checks that the command takes the options that are given.
 * @throws CommandLineError
 */
export function checkTopics({ command, given }: Invocation): void {
  const { required, optional } = COMMANDS[command];
  if (command !== 'list' && fits(given, required, optional)) return;
  checkCombination(given, {
    topics: TOPICS,
    required,
    optional,
    oneOf: command === 'list' ? LISTED : [],
    conflict: `in the '${command}' command`,
    lack: `for the '${command}' command`,
    surplus: `with the '${command}' command`,
  });
  if (command === 'list') checkList(given);
}

/** Returns true if all that is required is given, and nothing but that and what is optional. */
function fits(
  given: ReadonlyMap<Topic, number>,
  required: readonly Topic[],
  optional: readonly Topic[],
): boolean {
  for (const topic of required) if (!given.has(topic)) return false;
  for (const topic of given.keys()) {
    if (!required.includes(topic) && !optional.includes(topic)) return false;
  }
  return true;
}

/** The options that may be given together. */
interface Combination {
  /** All topics to look at, in order. */
  readonly topics: readonly Topic[];
  readonly required: readonly Topic[];
  readonly optional: readonly Topic[];
  /** At most one of these may be given. */
  readonly oneOf: readonly Topic[];
  /** The ends of the messages. */
  readonly conflict: string;
  readonly lack: string;
  readonly surplus: string;
}

function checkCombination(given: ReadonlyMap<Topic, number>, combination: Combination): void {
  const { topics, required, optional, oneOf, conflict, lack, surplus } = combination;
  let first: Topic | undefined;
  for (const topic of topics) {
    const word = given.get(topic);
    if (word === undefined) {
      if (!required.includes(topic)) continue;
      throw new CommandLineError(`You need to supply the '${topic}' option ${lack}`);
    }
    if (oneOf.includes(topic)) {
      if (first !== undefined) {
        const what = `The option '${topic}' conflicts with the '${first}' option ${conflict}`;
        throw new CommandLineError(what, { word });
      }
      first = topic;
    } else if (!required.includes(topic) && !optional.includes(topic)) {
      throw new CommandLineError(`Illegal '${topic}' option ${surplus}`, { word });
    }
  }
}

/** Columns that only a table of services has. */
const COLUMNS: readonly Topic[] = ['stats', 'rate', 'thresholds'];

function checkList(given: ReadonlyMap<Topic, number>): void {
  const has = (topic: Topic) => given.has(topic);
  const isShort = has('timeout') || has('daemon');
  const clashes =
    ((isShort || has('connection')) && COLUMNS.some(has)) || (isShort && has('persistent-conn'));
  if (clashes) throw new CommandLineError('options conflicts in the list command');
}

/**
 * Checks the service of `-A` and `-E`.
 * @throws CommandLineError
 */
export function checkService({ given, service }: Invocation): void {
  if (service.fwmark !== 0) return;
  if (service.port === 0 && !service.persistent) {
    const rule = 'has port 0, which is every port: it must be persistent (-p)';
    const word = given.get('service-address');
    throw new CommandLineError('Zero port specified for non-persistent service', { word, rule });
  }
  if (service.onePacket && service.protocol !== 'udp') {
    const rule = 'is only for udp and firewall marks';
    const word = given.get('ops');
    throw new CommandLineError('One-Packet Scheduling is only for UDP virtual services', {
      word,
      rule,
    });
  }
}

/**
 * Reads the value of `-b`, which depends on the scheduler.
 * @throws CommandLineError
 */
export function readFlags({ given, service }: Draft, text: string): void {
  const { scheduler } = service;
  const word = given.get('sched-flags');
  const flags: NamedFlag[] = [];
  for (const name of text.split(',')) {
    if (name === '') continue;
    if (!isFlagName(name)) {
      const rule = `has '${name}', which is none of ${Object.keys(schedulerFlags).join(', ')}`;
      throw new CommandLineError(`invalid scheduler flag \`${name}'`, { word, rule });
    }
    const { owner = scheduler } = schedulerFlags[name];
    if (owner !== scheduler) {
      const rule = `has '${name}', which belongs to scheduler ${owner}`;
      throw new CommandLineError(`incompatible scheduler flag \`${name}'`, { word, rule });
    }
    flags.push(name);
  }
  service.schedulerFlags = flags;
}

const TUNNEL_TOPICS = TOPICS.filter((topic) => /^tun-(?!info)/.test(topic));

/**
 * Checks and completes the real server of `-a` and `-e`.
 * @throws CommandLineError
 */
export function completeDestination({ given, service, destination }: Draft): void {
  const { forwarding, family, tunnelType } = destination;
  if (forwarding !== 'tunnel' && family !== service.family) {
    const rule = 'is of another address family than its service: only tunnels (-i) cross';
    const word = given.get('real-server');
    const message = 'Different address family is allowed only for tunneling servers';
    throw new CommandLineError(message, { word, rule });
  }
  // Only masquerading translates ports. ipvsadm does not say so, and takes the service's.
  if (forwarding !== 'masquerade' && service.fwmark === 0) destination.port = service.port;
  if (forwarding !== 'tunnel') {
    const topic = TUNNEL_TOPICS.find((each) => given.has(each));
    if (topic === undefined) return;
    const rule = 'goes with forwarding by tunnel (-i) only';
    const message = 'Tunnel options conflict with forward method';
    throw new CommandLineError(message, { word: given.get(topic), rule });
  }
  const { required, oneOf } = TUNNEL_OPTIONS[tunnelType];
  const type = `the '${tunnelType}' tunnel type`;
  checkCombination(given, {
    topics: TUNNEL_TOPICS,
    required,
    optional: ['tun-type'],
    oneOf,
    conflict: `in ${type}`,
    lack: `for ${type}`,
    surplus: `with ${type}`,
  });
}
