/**
 * The table that rules make, line by line.
 * @module
 */
import { isInputError } from '../../core/input-errors.js';
import { parseServiceReference } from '../../ipvs/canonical.js';
import { normalizeKernelDestination, normalizeKernelService } from '../../ipvs/kernel-objects.js';
import { formatDestinationKey, formatServiceKey } from '../../ipvs/keys.js';
import { SERVICE_KEY } from '../../ipvs/properties.js';
import type { ServiceReference } from '../../ipvs/reference-types.js';
import type { SyncDaemonConfig } from '../../ipvs/sync-daemon.js';
import type { TimeoutChanges } from '../../ipvs/timeouts.js';
import type { CommandName } from '../grammar/grammar.js';
import type { Invocation } from '../grammar/invocation.js';
import { daemonOf, destinationOf, type Key, keyOf, serviceOf } from './given-configs.js';
import type { Rule } from './read-rule.js';
import type { Word } from './rule-words.js';
import type { Rules, RulesService } from './rules.js';
import { rulesError } from './rules-error.js';

/** An object with the word that names it, for errors. */
interface Item {
  config: object;
  readonly word: Word;
}

/** A service of rules. Its servers may come before it. */
interface Entry {
  readonly key: Key;
  /** The service itself; undefined until its `-A`. */
  service: Item | undefined;
  /** The destinations by their keys; undefined: they are left alone. */
  destinations: Map<string, Item> | undefined;
}

/** The table that rules make. Its methods throw a RulesError. */
export class RuleTable {
  readonly #entries = new Map<string, Entry>();
  #timeouts: TimeoutChanges | undefined;
  #daemons: readonly SyncDaemonConfig[] | undefined;
  /** The object of the line before. */
  #last: { readonly entry: Entry; readonly item: Item } | undefined;

  readonly #effects: Partial<Record<CommandName, (command: Rule) => void>> = {
    'add-service': (command) => this.#addService(command),
    'edit-service': (command) => this.#editService(command),
    'delete-service': ({ invocation }) =>
      void this.#entries.delete(formatServiceKey(keyOf(invocation.service))),
    'add-server': (command) => this.#addServer(command),
    'edit-server': (command) => this.#editServer(command),
    'delete-server': ({ invocation }) =>
      void this.#find(invocation)?.destinations?.delete(serverKey(invocation)),
    flush: () => this.#entries.clear(),
    set: ({ invocation }) => this.#setTimeouts(invocation),
    'start-daemon': ({ invocation }) => this.#startDaemon(invocation),
    'stop-daemon': ({ invocation }) => this.#stopDaemon(invocation),
  };

  /** Executes a command. */
  execute(command: Rule): void {
    const { invocation, word } = command;
    const effect = this.#effects[invocation.command];
    if (effect === undefined) throw rulesError(word.text, 'changes nothing: it is no rule', word);
    this.#last = undefined;
    effect(command);
  }

  #find({ service }: Invocation): Entry | undefined {
    return this.#entries.get(formatServiceKey(keyOf(service)));
  }

  #entry(key: Key): Entry {
    const name = formatServiceKey(key);
    const entry = this.#entries.get(name) ?? { key, service: undefined, destinations: new Map() };
    this.#entries.set(name, entry);
    return entry;
  }

  #addService({ invocation, serviceWord: word }: Rule): void {
    this.#setService(keyOf(invocation.service), { config: serviceOf(invocation.service), word });
  }

  #setService(key: Key, item: Item): void {
    const entry = this.#entry(key);
    if (entry.service !== undefined) {
      const { line } = entry.service.word;
      throw rulesError(item.word.text, `is added twice: first in line ${line}`, item.word);
    }
    entry.service = item;
    this.#last = { entry, item };
  }

  #editService({ invocation, serviceWord: word }: Rule): void {
    const entry = this.#find(invocation);
    if (entry?.service === undefined) {
      throw rulesError(word.text, 'is no service of the lines before', word);
    }
    const item = { config: serviceOf(invocation.service), word };
    entry.service = item;
    this.#last = { entry, item };
  }

  #addServer({ invocation, serverWord: word }: Rule): void {
    const entry = this.#entry(keyOf(invocation.service));
    const item = { config: destinationOf(invocation.destination), word };
    this.#setServer(entry, serverKey(invocation), item);
  }

  #setServer(entry: Entry, key: string, item: Item): void {
    if (entry.destinations === undefined) {
      const rule = 'is added to a service whose destinations are left alone';
      throw rulesError(item.word.text, rule, item.word);
    }
    const before = entry.destinations.get(key);
    if (before !== undefined) {
      const rule = `is added twice to its service: first in line ${before.word.line}`;
      throw rulesError(item.word.text, rule, item.word);
    }
    entry.destinations.set(key, item);
    this.#last = { entry, item };
  }

  #editServer({ invocation, serverWord: word }: Rule): void {
    const entry = this.#find(invocation);
    const key = serverKey(invocation);
    if (entry?.destinations?.has(key) !== true) {
      throw rulesError(word.text, 'is no server of its service in the lines before', word);
    }
    const item = { config: destinationOf(invocation.destination), word };
    entry.destinations.set(key, item);
    this.#last = { entry, item };
  }

  #setTimeouts({ timeouts: [tcp, tcpFin, udp] }: Invocation): void {
    this.#timeouts = {
      ...this.#timeouts,
      ...(tcp === 0 ? {} : { tcp }),
      ...(tcpFin === 0 ? {} : { tcpFin }),
      ...(udp === 0 ? {} : { udp }),
    };
  }

  #startDaemon(invocation: Invocation): void {
    const daemon = daemonOf(invocation);
    this.#stopDaemon(invocation);
    this.#daemons = [...(this.#daemons ?? []), daemon];
  }

  #stopDaemon({ daemon }: Invocation): void {
    this.#daemons = this.#daemons?.filter(({ role }) => role !== daemon.role);
  }

  /** Sets timeouts and daemons, of an exact comment. */
  setHost(timeouts: TimeoutChanges | undefined, daemons: readonly SyncDaemonConfig[] | undefined) {
    this.#timeouts = timeouts ?? this.#timeouts;
    this.#daemons = daemons ?? this.#daemons;
  }

  /** Adds a service that no line can express, of an exact comment. */
  addExactService(settings: object, word: Word): void {
    const { destinations, ...config } = { destinations: undefined, ...settings };
    const key = checked(word, () => normalizeKernelService(config));
    this.#setService(key, { config, word });
    setDestinations(this.#entry(key), destinations, word);
  }

  /** Adds a destination that no line can express, of an exact comment. */
  addExactServer(service: ServiceReference, config: object, word: Word): void {
    const key = checked(word, () => parseServiceReference(service));
    const destination = checked(word, () => normalizeKernelDestination(key, config));
    this.#setServer(this.#entry(key), formatDestinationKey(destination), { config, word });
  }

  /** Adds settings to what the line before has defined, of an exact comment. */
  amend(settings: object, word: Word): void {
    if (this.#last === undefined) {
      throw rulesError(word.text, 'follows no line of a service or a server', word);
    }
    const { entry, item } = this.#last;
    const name = SERVICE_KEY.find((each) => Object.hasOwn(settings, each));
    if (name !== undefined) throw rulesError(word.text, `changes the ${name}`, word);
    if (item !== entry.service) item.config = { ...item.config, ...settings };
    else {
      const { destinations, ...rest } = { destinations: undefined, ...settings };
      setDestinations(entry, destinations, word);
      item.config = { ...item.config, ...rest };
    }
  }

  /** Returns what the rules say. */
  finish(): Rules {
    return {
      services: [...this.#entries.values()].map(finishEntry),
      ...(this.#timeouts === undefined ? {} : { timeouts: this.#timeouts }),
      ...(this.#daemons === undefined ? {} : { syncDaemons: this.#daemons }),
    };
  }
}

/** Leaves the destinations of a service alone, if an exact comment says so: null. */
function setDestinations(entry: Entry, destinations: unknown, word: Word): void {
  if (destinations === undefined) return;
  if (destinations !== null) {
    throw rulesError(word.text, 'has destinations, which need lines of their own', word);
  }
  if (entry.destinations !== undefined && entry.destinations.size > 0) {
    const rule = 'leaves the destinations alone, although lines before add some';
    throw rulesError(word.text, rule, word);
  }
  entry.destinations = undefined;
}

const serverKey = ({ destination }: Invocation) => formatDestinationKey(destination);

function finishEntry({ key, service, destinations }: Entry): RulesService {
  if (service === undefined) {
    const [first] = destinations?.values() ?? [];
    const word = first?.word ?? { text: '', line: 1, column: 1 };
    const rule = `belongs to ${formatServiceKey(key)}, which no line adds (-A)`;
    throw rulesError(word.text, rule, word);
  }
  const normalized = checked(service.word, () => normalizeKernelService(service.config));
  if (destinations === undefined) return normalized;
  const listed = [...destinations.values()].map(({ config, word }) =>
    checked(word, () => normalizeKernelDestination(key, config)),
  );
  return { ...normalized, destinations: listed };
}

/** Calls a function, whose input errors get the place of a word. */
function checked<Value>(word: Word, body: () => Value): Value {
  try {
    return body();
  } catch (error) {
    if (!isInputError(error)) throw error;
    throw rulesError(word.text, `is refused: ${error.message}`, word);
  }
}
