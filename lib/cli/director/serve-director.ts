/**
 * The metrics of a director over HTTP. Loaded only if they are wanted.
 * @module
 */
import { type Director, Ipvs } from '../../index.js';
import { Metrics } from '../../metrics/index.js';
import type { Listen } from '../listen.js';
import { openOptions } from '../netns.js';
import { HttpPort } from '../server/http-port.js';
import { metricsPages } from '../server/pages.js';

/** A server of the metrics of the table and of a director. */
export class DirectorServer {
  readonly #ipvs: Ipvs;
  readonly #port: HttpPort;
  #metrics: Metrics | undefined;

  private constructor(ipvs: Ipvs, port: HttpPort) {
    this.#ipvs = ipvs;
    this.#port = port;
  }

  /** Opens the port, before there is a director: it changes nothing if the port is taken. */
  static async open(netns: string | undefined, listen: Listen): Promise<DirectorServer> {
    const ipvs = await Ipvs.open(openOptions(netns));
    try {
      return new DirectorServer(ipvs, await HttpPort.open('--metrics', listen));
    } catch (error) {
      await ipvs.close();
      throw error;
    }
  }

  /** Serves the metrics of a director. /healthz succeeds while the kernel answers. */
  serve(director: Director): void {
    const ipvs = this.#ipvs;
    const metrics = new Metrics(ipvs, { director, calls: true });
    this.#metrics = metrics;
    this.#port.serve(metricsPages({ metrics, checkHealth: () => ipvs.getInfo() }));
  }

  async close(): Promise<void> {
    await this.#port.close();
    this.#metrics?.close();
    await this.#ipvs.close();
  }
}
