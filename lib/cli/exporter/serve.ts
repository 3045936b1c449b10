/**
 * A server of metrics that listens, and ends in order.
 * @module
 */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Listen } from '../listen.js';
import { createMetricsServer, type Served } from './server.js';

/** The milliseconds that responses in flight have at the end. */
const GRACE = 5000;

/** A server that listens. */
export interface MetricsServer {
  /** Its address, without a path. */
  readonly url: string;
  /** Accepts no more connections, waits for the responses in flight, and closes the connections. */
  close(): Promise<void>;
}

/** Starts a server of `/metrics` and `/healthz`. Rejects if it cannot listen. */
export async function serveMetrics(served: Served, listen: Listen): Promise<MetricsServer> {
  const server = createMetricsServer(served);
  const inFlight = responsesOf(server);
  server.listen(listen);
  await once(server, 'listening');
  return { url: urlOf(server), close: () => close(server, inFlight) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

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
