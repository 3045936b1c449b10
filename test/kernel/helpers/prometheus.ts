/**
 * Prometheus, and what judges the text that it scrapes: programs of Debian's packages.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './launcher.js';
import { until } from './poll.js';
import { PYTHON, programPath } from './programs.js';

/** A series that a query returned. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** The latest value, of an instant query. */
  readonly value?: readonly [seconds: number, value: string];
  /** All values, of a range. */
  readonly values?: readonly (readonly [seconds: number, value: string])[];
}

/** A process of Prometheus that scrapes targets. */
export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ipvs-prometheus-'));
  readonly #port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, targets: Readonly<Record<string, number>>) {
    this.#port = port;
    const jobs = Object.entries(targets).map(([job, target]) => ({
      job_name: job,
      static_configs: [{ targets: [`127.0.0.1:${target}`] }],
    }));
    const config = { global: { scrape_interval: '500ms' }, scrape_configs: jobs };
    // JSON is YAML.
    writeFileSync(join(this.#folder, 'prometheus.yml'), JSON.stringify(config));
    this.#process = spawn(
      'prometheus',
      [
        `--config.file=${join(this.#folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
  }

  /** Starts it. `targets` are the ports of 127.0.0.1, by the name of the job. */
  static async start(targets: Readonly<Record<string, number>>): Promise<Prometheus> {
    const prometheus = new Prometheus(await freePort(), targets);
    await until(
      () =>
        fetch(prometheus.#url('-/ready')).then(
          ({ ok }) => ok,
          () => false,
        ),
      (isReady) => isReady,
    );
    return prometheus;
  }

  /** Evaluates an expression now. */
  async query(expression: string): Promise<readonly Series[]> {
    const { result } = await this.#get('query', { query: expression });
    return result as readonly Series[];
  }

  /** Waits until an expression has series that are as wanted. */
  async queryUntil(
    expression: string,
    wanted: (series: readonly Series[]) => boolean = ({ length }) => length > 0,
  ): Promise<readonly Series[]> {
    return until(() => this.query(expression), wanted);
  }

  /** Returns the state of each target. */
  async targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]> {
    const { activeTargets } = await this.#get('targets', {});
    return activeTargets as readonly { readonly health: string; readonly lastError: string }[];
  }

  /** Returns what the targets say about a family. */
  async metadata(
    name: string,
  ): Promise<readonly { readonly type: string; readonly unit: string }[]> {
    const data = await this.#get('metadata', { metric: name });
    return (data[name] ?? []) as readonly { readonly type: string; readonly unit: string }[];
  }

  /** Ends it, and deletes its data. */
  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill();
    await exit;
    rmSync(this.#folder, { recursive: true });
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>) {
    const response = await fetch(this.#url(`api/v1/${path}?${new URLSearchParams(parameters)}`));
    const { status, data, error } = (await response.json()) as {
      readonly status: string;
      readonly data: Readonly<Record<string, unknown>>;
      readonly error?: string;
    };
    if (status !== 'success') throw new Error(`Prometheus: ${error}`);
    return data;
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#port}/${path}`;
  }
}

/** Returns a port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('not a port');
  return address.port;
}

/** A family as the parser of the Python client of Prometheus reads it. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly (readonly [
    name: string,
    labels: Readonly<Record<string, string>>,
    value: number,
  ])[];
}

/** Parses OpenMetrics strictly. Throws if the text breaks a rule of the format. */
export function parseOpenMetrics(text: string): readonly ParsedFamily[] {
  return JSON.parse(run(PYTHON, [programPath('openmetrics.py')], text));
}

/** Returns what `promtool check metrics` says about a text in the format of Prometheus. */
export function checkMetrics(text: string): string {
  return run('sh', ['-c', 'promtool check metrics 2>&1 || echo "status $?"'], text);
}
