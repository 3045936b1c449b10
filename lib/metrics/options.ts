/**
 * Options of metrics, and their checks.
 * @module
 */
import { checkBoolean, checkName, readOptions } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import type { Director, Ipvs, Service } from '../index.js';
import type { TextFormat } from './text.js';

/**
 * Reads the table: an {@link Ipvs}, or what reads like it. With `activity()`, its own work is
 * counted too.
 */
export type MetricsSource = Pick<Ipvs, 'snapshot' | 'getStats'> & Partial<Pick<Ipvs, 'activity'>>;

/** Reports what it does: a {@link Director}. */
export type DirectorSource = Pick<Director, 'events' | 'state'>;

/** The objects that have series of their own. */
export type MetricsLevel = 'service' | 'destination';

/** Options of {@link Metrics}. */
export interface MetricsOptions {
  /**
   * The objects that have series of their own: services, or also their destinations. Default
   * 'service': 12 series for each service. 'destination' adds 10 or 11 for each destination.
   */
  readonly level?: MetricsLevel | undefined;
  /**
   * Returns the value of the label `name` of a service and of its destinations, such as the
   * name that its users know; undefined or '': no such label. It is called once for each service
   * in each scrape.
   */
  readonly name?: ((service: Service) => string | undefined) | undefined;
  /**
   * If true, adds the metrics of node_exporter's IPVS collector, for dashboards that use them: five
   * counters, and three series for each destination, whatever the `level` is. Default false.
   */
  readonly nodeExporter?: boolean | undefined;
  /**
   * A director. Its changes, repairs and drained destinations are counted from now on, its steps
   * since it was opened. Default: none.
   */
  readonly director?: DirectorSource | undefined;
  /**
   * If true, counts the calls of each operation, their time and their errors: of all handles and
   * directors of this thread, from now on until {@link Metrics.close}. It makes each call a little
   * more expensive, because it subscribes to the tracing channel `ipvs:call`. Default false.
   */
  readonly calls?: boolean | undefined;
}

/** Options of {@link Metrics.text}. */
export interface TextOptions {
  /** The format of the text. Default 'openmetrics'. */
  readonly format?: TextFormat | undefined;
}

/** The checked arguments of the constructor. */
export interface MetricsSettings {
  readonly source: MetricsSource;
  readonly level: MetricsLevel;
  readonly nameOf: (service: Service) => unknown;
  readonly nodeExporter: boolean;
  readonly director: DirectorSource | undefined;
  readonly calls: boolean;
}

const LEVELS: readonly MetricsLevel[] = ['service', 'destination'];
const FORMATS: readonly TextFormat[] = ['openmetrics', 'prometheus'];
const KEYS = new Set(['level', 'name', 'nodeExporter', 'director', 'calls'] as const);
const TEXT_KEYS = new Set(['format'] as const);

/** Checks the arguments of the constructor. */
export function checkMetricsArguments(ipvs: unknown, options: unknown): MetricsSettings {
  const { level = 'service', name, nodeExporter, director, calls } = readOptions(options, KEYS);
  checkMethods<MetricsSource>('ipvs', ipvs, ['snapshot', 'getStats'], 'an Ipvs');
  checkName('options.level', level, LEVELS);
  if (name !== undefined) checkFunction('options.name', name);
  if (director !== undefined) {
    checkMethods<DirectorSource>('options.director', director, ['events', 'state'], 'a Director');
  }
  return {
    source: ipvs,
    level,
    nameOf: name ?? (() => undefined),
    nodeExporter: checkFlag('options.nodeExporter', nodeExporter),
    calls: checkFlag('options.calls', calls),
    director,
  };
}

/** Checks the options of `text()`. */
export function checkTextOptions(options: unknown): TextFormat {
  const { format = 'openmetrics' } = readOptions(options, TEXT_KEYS);
  checkName('options.format', format, FORMATS);
  return format;
}

/** Checks an option whose default is false. */
function checkFlag(property: string, value: unknown): boolean {
  return value !== undefined && checkBoolean(property, value);
}

function checkFunction(
  property: string,
  value: unknown,
): asserts value is (...args: readonly unknown[]) => unknown {
  if (typeof value !== 'function') throw wrongType(property, value, 'a function');
}

/** Checks that a value has the methods that are used. */
function checkMethods<Source>(
  property: string,
  value: unknown,
  methods: readonly (keyof Source & string)[],
  rule: string,
): asserts value is Source {
  const object = Object(value) as Readonly<Record<string, unknown>>;
  if (methods.every((method) => typeof object[method] === 'function')) return;
  const hint = typeof object['then'] === 'function' ? ': await the promise first' : '';
  throw wrongType(property, value, `${rule}${hint}`);
}
