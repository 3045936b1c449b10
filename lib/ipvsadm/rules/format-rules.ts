/**
 * Writing rules: the text that `ipvsadm -S -n` prints.
 * @module
 */
import { checkArguments } from '../../core/arguments.js';
import { checkBoolean, readOptions } from '../../core/check.js';
import { describeInput, isInputError, wrongValue } from '../../core/input-errors.js';
import { beginAtCaller, registerEntry } from '../../core/stack.js';
import { formatDestinationKey, formatServiceKey } from '../../ipvs/keys.js';
import { sortDestinations, sortServices } from '../../ipvs/order.js';
import { DESTINATION_SETTINGS, SERVICE_SETTINGS } from '../../ipvs/properties.js';
import type { SyncDaemon, SyncDaemonConfig } from '../../ipvs/sync-daemon.js';
import type { TimeoutChanges } from '../../ipvs/timeouts.js';
import { type EncodedState, encodeState, servicesIn } from '../../state/encode-state.js';
import type { State } from '../../state/types.js';
import { NUMERIC } from '../print-endpoint.js';
import { exactComment } from './exact-comment.js';
import { checkHost, type UncheckedHost } from './host-settings.js';
import { readBackDestination, readBackService } from './read-back.js';
import { destinationLine, type LineStyle, selectorOf, serviceLine } from './rule-lines.js';
import type { RulesService } from './rules.js';

/** Options of {@link formatRules}. */
export interface FormatRulesOptions {
  /**
   * If true, adds what the format cannot express, in comments that {@link parseRules} reads and
   * ipvsadm-restore skips (`ipvsadm -R` knows no comments), and keeps the order of the state. The
   * text then is the state. Default false: what is left out is in the result's `omitted`.
   */
  readonly exact?: boolean | undefined;
  /**
   * If true, writes thresholds as `-x` and `-y`, which `ipvsadm -R` reads, although `ipvsadm -S`
   * leaves them out. Default false.
   */
  readonly thresholds?: boolean | undefined;
}

/** A setting that the text does not have. */
export interface Omitted {
  /** The service ('tcp://10.96.0.1:443'); absent for timeouts and sync daemons. */
  readonly service?: string;
  /** The destination ('10.1.1.2:6443'), if the setting is one of a destination. */
  readonly destination?: string;
  /**
   * The setting ('upperThreshold'). Absent if ipvsadm refuses the line as a whole, such as that of
   * a service on port 0 that is not persistent.
   */
  readonly property?: string;
  /** The value that is lost. */
  readonly value: unknown;
}

/** Rules as text, and what the text lacks. `String(rules)` is the text. */
export class FormattedRules {
  /** The lines, each with its newline. */
  readonly text: string;
  /** The settings that the text does not have; empty with `exact`. */
  readonly omitted: readonly Omitted[];

  /** Not for callers: {@link formatRules} makes it. @internal */
  constructor(text: string, omitted: readonly Omitted[]) {
    this.text = text;
    this.omitted = omitted;
  }

  /** Returns the text. */
  toString(): string {
    return this.text;
  }
}

/** A state, with what else rules may have. */
type StateWithHost = Omit<State, 'timeouts' | 'syncDaemons'> & {
  readonly timeouts?: TimeoutChanges | undefined;
  readonly syncDaemons?: readonly (SyncDaemonConfig | SyncDaemon)[] | undefined;
};

const KEYS = new Set(['exact', 'thresholds'] as const);

/**
 * Returns the rules of a state: the text that `ipvsadm -S -n` prints for it, for `ipvsadm -R` and
 * {@link parseRules}. The services, and the destinations of each, are in ipvsadm's order.
 *
 * The format cannot express thresholds, forwarding 'local' and 'bypass', and some settings that
 * only programs other than ipvsadm make. They are listed in `omitted`, or, with `exact`, written in
 * comments: `parseRules(formatRules(state, { exact: true }).text)` is the state in canonical form.
 * @param state services with their destinations, such as a snapshot, and optionally `timeouts` and
 *   `syncDaemons`
 * @throws TypeError, RangeError bad input, as {@link Ipvs.reconcile} refuses it
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 * import { formatRules } from 'ipvs/ipvsadm';
 *
 * const ipvs = await Ipvs.open();
 * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
 * const { text, omitted } = formatRules(await ipvs.snapshot());
 * process.stdout.write(text); // -A -t 10.96.0.1:80 -s wlc
 * for (const { service, destination, property, value } of omitted) {
 *   console.error('not saved:', service, destination, property, value);
 * }
 * await ipvs.close();
 * ```
 */
export function formatRules(state: StateWithHost, options?: FormatRulesOptions): FormattedRules;
export function formatRules(...args: readonly unknown[]): FormattedRules {
  const [state, exact, thresholds] = checkArguments('formatRules', args, 2, checkFormat);
  try {
    return new Writer(exact, thresholds).write(state);
  } catch (error) {
    if (isInputError(error)) describeInput(error, 'formatRules', error.target ?? '');
    throw beginAtCaller(error, 'formatRules');
  }
}

registerEntry('formatRules', formatRules);

function checkFormat(state: unknown, options: unknown): [unknown, boolean, boolean] {
  const { exact, thresholds } = readOptions(options, KEYS);
  return [
    state,
    exact !== undefined && checkBoolean('options.exact', exact),
    thresholds !== undefined && checkBoolean('options.thresholds', thresholds),
  ];
}

const SERVICE_LOSSES = [...SERVICE_SETTINGS, 'inactivePersistence'] as const;

/** The settings that a line lacks; undefined if the line cannot be read as what it stands for. */
type Losses = Readonly<Record<string, unknown>> | undefined;

/** An object with its line. */
interface Written {
  readonly line: string;
  readonly losses: Losses;
  /** The content of the exact comment in place of a line. */
  readonly whole: readonly [kind: 'service' | 'server', value: object];
  readonly object: object;
  /** The names of the object in {@link Omitted}. */
  readonly place: { readonly service: string; readonly destination?: string };
}

class Writer {
  readonly #exact: boolean;
  readonly #style: LineStyle;
  #text = '';
  readonly #omitted: Omitted[] = [];

  constructor(exact: boolean, thresholds: boolean) {
    this.#exact = exact;
    this.#style = { names: NUMERIC, thresholds, compat: false };
  }

  write(state: unknown): FormattedRules {
    const { host, rest } = splitHost(state);
    const services = uniqueServices(encodeState(rest, 'formatRules'));
    this.#writeHost(host);
    for (const service of this.#exact ? services : inOrder(services)) this.#writeService(service);
    return new FormattedRules(this.#text, this.#omitted);
  }

  #writeHost(host: UncheckedHost): void {
    checkHost(host);
    if (this.#exact && Object.keys(host).length > 0) this.#add(exactComment('host', host));
    else this.#omit({}, host);
  }

  #writeService({ destinations, ...service }: RulesService): void {
    const line = serviceLine(service, this.#style);
    const found = readBackService(line);
    const alone = destinations === undefined ? { destinations: null } : undefined;
    const name = formatServiceKey(service);
    const isSame = found !== undefined && formatServiceKey(found) === name;
    const losses = isSame
      ? { ...differences(service, found, SERVICE_LOSSES), ...alone }
      : undefined;
    const whole = ['service', { ...service, ...alone }] as const;
    this.#write({ line, losses, whole, object: service, place: { service: name } });

    const selector = selectorOf(service, this.#style);
    for (const destination of destinations ?? []) {
      const line = destinationLine(service, selector, destination, this.#style);
      const key = formatDestinationKey(destination);
      const found = readBackDestination(line);
      const isSame = found?.service === name && formatDestinationKey(found.destination) === key;
      this.#write({
        line,
        losses: isSame
          ? differences(destination, found.destination, DESTINATION_SETTINGS)
          : undefined,
        whole: ['server', { service: name, destination }],
        object: destination,
        place: { service: name, destination: key },
      });
    }
  }

  #write({ line, losses, whole, object, place }: Written): void {
    if (this.#exact && losses === undefined) {
      this.#add(exactComment(...whole));
      return;
    }
    this.#add(line);
    if (losses === undefined) this.#omitted.push({ ...place, value: object });
    else if (!this.#exact) this.#omit(place, losses);
    else if (Object.keys(losses).length > 0) this.#add(exactComment('with', losses));
  }

  #add(line: string): void {
    this.#text += `${line}\n`;
  }

  #omit(place: Partial<Written['place']>, settings: object): void {
    for (const [property, value] of Object.entries(settings)) {
      this.#omitted.push({ ...place, property, value });
    }
  }
}

/** Separates what belongs to the host from the services of a state. */
function splitHost(state: unknown): { readonly host: UncheckedHost; readonly rest: unknown } {
  if (typeof state !== 'object' || state === null) return { host: {}, rest: state };
  if (!Object.hasOwn(state, 'timeouts') && !Object.hasOwn(state, 'syncDaemons')) {
    return { host: {}, rest: state };
  }
  // Calls each accessor once, and inherits nothing.
  const copy: StateWithHost = Object.assign(Object.create(null), state);
  const { timeouts, syncDaemons, ...rest } = copy;
  const host = {
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(syncDaemons === undefined ? {} : { syncDaemons }),
  };
  return { host, rest };
}

/** Returns the services of a state in canonical form. Refuses what is there twice. */
function uniqueServices(encoded: EncodedState): RulesService[] {
  const { starts, pathOf } = encoded;
  const services = servicesIn(encoded);
  const checkService = duplicateCheck(pathOf);
  for (const [place, service] of services.entries()) {
    let index = starts[place] ?? 0;
    const key = formatServiceKey(service);
    checkService(key, index);
    const checkDestination = duplicateCheck(pathOf);
    for (const destination of service.destinations ?? []) {
      checkDestination(`${key} ${formatDestinationKey(destination)}`, ++index);
    }
  }
  return services;
}

/** Returns a function that refuses a name which it has seen before. */
function duplicateCheck(pathOf: EncodedState['pathOf']) {
  const seen = new Map<string, number>();
  return (name: string, index: number): void => {
    const first = seen.get(name);
    if (first !== undefined) {
      const rule = `is there twice: it is ${pathOf(first)} already`;
      const error = wrongValue(pathOf(index), name, rule);
      describeInput(error, 'formatRules', '');
      throw error;
    }
    seen.set(name, index);
  };
}

/** Returns services and their destinations in ipvsadm's order. */
function inOrder(services: readonly RulesService[]): readonly RulesService[] {
  return sortServices(services).map((service) => {
    const { destinations } = service;
    if (destinations === undefined) return service;
    return { ...service, destinations: sortDestinations(destinations) };
  });
}

/** Returns those of the named settings that differ in `found`. */
function differences<Name extends string>(
  wanted: { readonly [Each in Name]?: unknown },
  found: { readonly [Each in Name]?: unknown },
  names: readonly Name[],
): Readonly<Record<string, unknown>> {
  // In canonical form, equal values have equal texts.
  const changed = names.filter(
    (name) => JSON.stringify(wanted[name]) !== JSON.stringify(found[name]),
  );
  return Object.fromEntries(changed.map((name) => [name, wanted[name]]));
}
