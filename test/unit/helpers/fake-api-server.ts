/**
 * A fake API server over HTTP, for responses that a real one cannot be made to give.
 * @module
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { ApiClient } from '../../../lib/cli/kubernetes/api-client.js';

/** A request: for a list, or for a watch of it. */
export interface FakeApiRequest {
  readonly path: string;
  readonly isWatch: boolean;
  readonly query: URLSearchParams;
}

/** A fake API server, and its client. */
export interface FakeApiServer extends Disposable {
  readonly client: ApiClient;
}

/** Starts a server that answers like this. */
export async function startFakeApiServer(
  answer: (request: FakeApiRequest, response: ServerResponse) => void,
): Promise<FakeApiServer> {
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
