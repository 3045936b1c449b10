/**
 * A kubeconfig for a server that only notes the credentials of its clients.
 * @module
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';

/** Starts a server that calls `note` with the header Authorization of each request. */
export async function startServer(
  note: (credentials: string | undefined) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    note(request.headers.authorization);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function stopServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** Writes a kubeconfig as kubeadm does, for a user with these properties. */
export function writeKubeconfig(file: string, server: Server, user: object): void {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on a port');
  const cluster = {
    server: `http://127.0.0.1:${address.port}`,
    // client-node refuses HTTP without it.
    'insecure-skip-tls-verify': true,
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default', cluster }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': 'default',
    users: [{ name: 'default', user }],
  };
  writeFileSync(file, JSON.stringify(config));
}
