/**
 * The metrics of a table.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { registerEntries, registerEntry, withAwaitStack } from '../core/stack.js';
import { Slicer } from '../queue/slicer.js';
import { CallMetrics } from './call-metrics.js';
import { type Column, familiesOf } from './columns.js';
import { DirectorMetrics } from './director-metrics.js';
import { handleColumns } from './handle-metrics.js';
import { nodeColumns } from './node-exporter.js';
import {
  checkMetricsArguments,
  checkTextOptions,
  type MetricsOptions,
  type MetricsSettings,
  type MetricsSource,
  type TextOptions,
} from './options.js';
import { tableColumns } from './table-metrics.js';
import { format } from './text.js';
import { TextWriter } from './text-writer.js';
import type { MetricFamily } from './types.js';

/**
 * The metrics of a handle's network namespace, for Prometheus and others: counters and connections
 * of services, by choice also of their destinations, and what a {@link Director} does.
 *
 * A scrape reads the table once. Scrapes that overlap share one reading: one that begins while
 * another is being read gets the same result. The work is cut into slices of 2 ms, between which
 * the event loop is free.
 *
 * The label `service` tells services apart ('tcp://10.96.0.1:443', 'fwmark://7', 'fwmark6://7'),
 * `destination` the destinations of a service. docs/metrics.md lists all metrics.
 *
 * A counter that goes back, because it was zeroed or its object was deleted and added again, is a
 * reset, which `rate()` and `increase()` of Prometheus understand. No time of creation is given:
 * the kernel does not know it.
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 * import { Metrics } from 'ipvs/metrics';
 *
 * const ipvs = await Ipvs.open();
 * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
 * const metrics = new Metrics(ipvs, {
 *   level: 'destination',
 *   name: ({ port }) => (port === 80 ? 'web' : undefined),
 * });
 * for (const { sampleName, samples } of await metrics.collect()) {
 *   for (const { labels, value } of samples) console.log(sampleName, labels, value);
 * }
 * const openMetrics = await metrics.text();
 * console.log(openMetrics.split('\n').at(-2)); // # EOF
 * await ipvs.close();
 * ```
 */
export class Metrics implements Disposable {
  readonly #settings: MetricsSettings;
  readonly #director: DirectorMetrics | undefined;
  readonly #calls: CallMetrics | undefined;
  readonly #slicer = new Slicer();
  /** The scrape in flight, and its results. */
  readonly #scrape = new Shared<readonly Column[]>();
  readonly #families = new Shared<readonly MetricFamily[]>();
  readonly #texts = { openmetrics: sharedText(), prometheus: sharedText() };

  /**
   * @throws TypeError: bad arguments
   * @throws IpvsError ERR_IPVS_CLOSED: the director is closed
   */
  constructor(ipvs: MetricsSource, options?: MetricsOptions);
  constructor(...args: readonly unknown[]) {
    this.#settings = checkArguments('Metrics', args, 2, checkMetricsArguments);
    const { director, calls } = this.#settings;
    if (director !== undefined) this.#director = new DirectorMetrics(director);
    if (calls) this.#calls = new CallMetrics();
  }

  /**
   * Reads the table, and returns the families of metrics, each once. They are the same objects for
   * calls that overlap.
   * @throws IpvsError the table cannot be read: see {@link Ipvs.snapshot}
   * @throws TypeError: `options.name` returned something else; the error that `options.name` throws
   */
  collect(): Promise<readonly MetricFamily[]>;
  collect(...args: readonly unknown[]): Promise<readonly MetricFamily[]> {
    return withAwaitStack(this.#collect(args));
  }

  /**
   * Reads the table, and returns the metrics as text: OpenMetrics 1.0, or the older format of
   * Prometheus. {@link negotiateFormat} chooses the format for a request,
   * {@link CONTENT_TYPES} has its media type.
   * @throws TypeError: bad options; the errors of {@link collect}
   */
  text(options?: TextOptions): Promise<string>;
  text(...args: readonly unknown[]): Promise<string> {
    return withAwaitStack(this.#text(args));
  }

  /**
   * Ends the counting of calls and of what the director does: what was counted stays. The handle
   * and the director stay open.
   */
  close(): void;
  close(...args: readonly unknown[]): void {
    checkArguments('close', args, 0, () => undefined);
    this.#director?.close();
    this.#calls?.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #collect(args: readonly unknown[]): Promise<readonly MetricFamily[]> {
    checkArguments('collect', args, 0, () => undefined);
    return this.#families.get(async () => this.#slicer.run(familiesOf(await this.#columns())));
  }

  async #text(args: readonly unknown[]): Promise<string> {
    const textFormat = checkArguments('text', args, 1, checkTextOptions);
    const { text, writer } = this.#texts[textFormat];
    return text.get(async () =>
      this.#slicer.run(format(await this.#columns(), textFormat, writer)),
    );
  }

  /** Returns the metrics of the scrape in flight, or of a new one. */
  #columns(): Promise<readonly Column[]> {
    return this.#scrape.get(() => this.#read());
  }

  async #read(): Promise<readonly Column[]> {
    const { source, nodeExporter } = this.#settings;
    // Called in one turn, so that both belong to one moment.
    const [{ services }, stats] = await Promise.all([source.snapshot(), source.getStats()]);
    const table = { services, stats };
    return [
      ...(await this.#slicer.run(tableColumns(table, this.#settings))),
      ...(nodeExporter ? await this.#slicer.run(nodeColumns(table)) : []),
      ...(source.activity === undefined ? [] : handleColumns(source.activity())),
      ...(this.#director?.columns() ?? []),
      ...(this.#calls?.columns() ?? []),
    ];
  }
}

/** The text in one format that is being made, if any. */
const sharedText = () => ({ text: new Shared<string>(), writer: new TextWriter() });

/** A value that is being made, for all who ask for it meanwhile. */
class Shared<Value> {
  #pending: Promise<Value> | undefined;

  get(make: () => Promise<Value>): Promise<Value> {
    this.#pending ??= make().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }
}

registerEntries(Metrics.prototype);
registerEntry('Metrics', Metrics);
