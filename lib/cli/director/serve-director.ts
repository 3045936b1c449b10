/**
 * The metrics of a director over HTTP. Loaded only if they are wanted.
 * @module
 */
import { type Director, Ipvs } from '../../index.js';
import { Metrics } from '../../metrics/index.js';
import { type MetricsServer, serveMetrics } from '../exporter/serve.js';
import type { Listen } from '../listen.js';
import { openOptions } from '../netns.js';

/** Serves the metrics of the table and of the director, which are well while the kernel answers. */
export async function serveDirector(
  director: Director,
  netns: string | undefined,
  listen: Listen,
): Promise<MetricsServer> {
  const ipvs = await Ipvs.open(openOptions(netns));
  const metrics = new Metrics(ipvs, { director, calls: true });
  try {
    const server = await serveMetrics({ metrics, checkHealth: () => ipvs.getInfo() }, listen);
    return {
      url: server.url,
      async close() {
        await server.close();
        metrics.close();
        await ipvs.close();
      },
    };
  } catch (error) {
    await ipvs.close();
    throw error;
  }
}
