/**
 * The health of the agent over HTTP: its own pages, and the health checks of load balancers.
 * @module
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { HealthCheck } from '../../kubernetes/index.js';
import { pathOf } from '../server/http-port.js';

/** The health of the agent. */
export interface Health {
  /** True unless changes have been waiting for a long time. */
  readonly isTimely: boolean;
  /** When the node was last made as the objects want it. Undefined: not yet. */
  readonly lastSync: Date | undefined;
  /** False if the node is deleted, or is going to be: load balancers should leave it. */
  readonly isNodeEligible: boolean;
}

/** Returns true if the node serves its Services. */
export function isServing({ isTimely, lastSync }: Health): boolean {
  return isTimely && lastSync !== undefined;
}

/** Sends JSON. */
type Send = (status: number, body: object, headers?: Readonly<Record<string, string>>) => void;

/** Returns what answers GET with JSON. */
function jsonPages(reply: (path: string, send: Send) => void): RequestListener {
  return (request, response) => {
    reply(pathOf(request), (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
    });
  };
}

/**
 * Returns the pages with kube-proxy's answers: /livez for what restarts the agent, /healthz for
 * load balancers.
 */
export function healthPages(health: () => Health): RequestListener {
  return jsonPages((path, send) => {
    const now = health();
    const { isTimely, lastSync, isNodeEligible } = now;
    const reply = (isHealthy: boolean, details: object) => {
      const currentTime = new Date().toISOString();
      // As with kube-proxy, a healthy node is up to date at any time.
      const lastUpdated = isHealthy ? currentTime : (lastSync?.toISOString() ?? null);
      send(isHealthy ? 200 : 503, { lastUpdated, currentTime, ...details });
    };
    if (path === '/livez') reply(isTimely, {});
    else if (path === '/healthz') {
      reply(isServing(now) && isNodeEligible, { nodeEligible: isNodeEligible });
    } else send(404, { error: 'not found' });
  });
}

/** The servers of health check node ports: a port for each load balancer of policy Local. */
export class HealthChecks {
  readonly #servers = new Map<number, Server>();
  #checks: ReadonlyMap<number, readonly HealthCheck[]> = new Map();
  readonly #isServing: () => boolean;
  readonly #failed: (error: Error) => void;

  /**
   * @param isServing tells whether the node serves its Services
   * @param failed is told about ports that cannot be opened
   */
  constructor(isServing: () => boolean, failed: (error: Error) => void) {
    this.#isServing = isServing;
    this.#failed = failed;
  }

  /** Opens and closes ports, and answers with these checks from now on. */
  update(checks: readonly HealthCheck[]): void {
    const byPort = new Map<number, HealthCheck[]>();
    for (const check of checks) {
      byPort.set(check.port, [...(byPort.get(check.port) ?? []), check]);
    }
    this.#checks = byPort;
    for (const [port, server] of this.#servers) {
      if (byPort.has(port)) continue;
      server.close();
      server.closeAllConnections();
      this.#servers.delete(port);
    }
    for (const port of byPort.keys()) {
      if (!this.#servers.has(port)) this.#open(port);
    }
  }

  close(): void {
    this.update([]);
  }

  #open(port: number): void {
    const pages = jsonPages((_path, send) => {
      const [first, ...others] = this.#checks.get(port) ?? [];
      if (first === undefined) return send(404, { error: 'not found' });
      // An endpoint with two families is one endpoint.
      const localEndpoints = Math.max(
        first.localEndpoints,
        ...others.map((each) => each.localEndpoints),
      );
      const serviceProxyHealthy = this.#isServing();
      const [namespace, name] = first.service.split('/');
      const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy };
      send(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, body, {
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      });
    });
    const server = createServer(pages);
    server.on('error', (error) => {
      this.#failed(new Error(`health check port ${port}: ${error.message}`));
      // The next update tries again.
      this.#servers.delete(port);
    });
    this.#servers.set(port, server);
    server.listen(port);
  }
}
