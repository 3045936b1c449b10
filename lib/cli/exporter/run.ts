/**
 * `ipvs exporter`.
 * @module
 */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import process from 'node:process';
import { Metrics, type MetricsLevel } from '../../metrics/index.js';
import { UsageError } from '../arguments.js';
import type { Run } from '../command.js';
import { withIpvs } from '../netns.js';
import type { OPTIONS } from './command.js';
import { parseListen } from './listen.js';
import { createMetricsServer } from './server.js';

/** The milliseconds that responses in flight have when a signal ends the command. */
const GRACE = 5000;

/** Serves metrics until a signal ends the command. */
export const run: Run<typeof OPTIONS> = async ({ values }, { stdout }) => {
  const { level, nodeExporter, netns } = values;
  if (values.listen === undefined) {
    throw new UsageError('--listen is missing: --listen [ADDRESS]:PORT');
  }
  const listen = parseListen('--listen', values.listen);
  const ended = endSignal();
  return withIpvs(netns, async (ipvs) => {
    // The table of options has the names of the levels.
    const metrics = new Metrics(ipvs, { level: level as MetricsLevel | undefined, nodeExporter });
    const server = createMetricsServer({ metrics, checkHealth: () => ipvs.getInfo() });
    const inFlight = responsesOf(server);
    server.listen(listen);
    await once(server, 'listening');
    stdout.write(`listening on ${urlOf(server)}/metrics\n`);
    await ended;
    await close(server, inFlight);
    return 0;
  });
};

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** Accepts no more connections, waits for the responses in flight, and closes the connections. */
async function close(server: Server, inFlight: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE);
  await Promise.all([...inFlight].map((response) => once(response, 'close')));
  clearTimeout(timer);
  server.closeAllConnections();
  await closed;
}

/** Returns the responses of a server that have not ended. */
function responsesOf(server: Server): ReadonlySet<ServerResponse> {
  const inFlight = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    inFlight.add(response);
    response.on('close', () => inFlight.delete(response));
  });
  return inFlight;
}
