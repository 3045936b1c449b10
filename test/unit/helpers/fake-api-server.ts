/**
 * An API server that is played, for what a real one does when it likes to: over HTTP.
 * @module
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { ApiClient } from '../../../lib/cli/kubernetes/api-client.js';

/** A request: for a list, or for a watch of it. */
export interface PlayedRequest {
  readonly path: string;
  readonly isWatch: boolean;
  readonly query: URLSearchParams;
}

/** A server that is played, and its client. */
export interface PlayedServer extends Disposable {
  readonly client: ApiClient;
}

/** Starts a server that answers like this. */
export async function playServer(
  answer: (request: PlayedRequest, response: ServerResponse) => void,
): Promise<PlayedServer> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    answer({ path: pathname, isWatch: searchParams.has('watch'), query: searchParams }, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on a port');
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const cluster = {
    name: 'test',
    server: `http://127.0.0.1:${address.port}`,
    skipTLSVerify: true,
  };
  config.loadFromClusterAndUser(cluster, { name: 'test' });
  return {
    client: new ApiClient(config),
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Returns the text of a list. */
export function listOf(items: readonly object[], resourceVersion = '5'): string {
  return JSON.stringify({ metadata: { resourceVersion }, items });
}

/** Returns the line of an event of a watch. */
export function eventOf(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}
