/**
 * A Kubernetes API server for tests: the real one over etcd, which scripts/kube-api builds.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/kube-api', import.meta.url));

/** The folder of the programs; undefined: `scripts/kube-api` has not built them. */
export const programs = ((): string | undefined => {
  try {
    return execFileSync(script, ['--which'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();

/** Milliseconds between two requests to a server that starts. */
const INTERVAL = 50;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('it listens on a port');
  return address.port;
}

/** A running API server. */
export class ApiServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ipvs-kube-api-'));
  readonly #prefix: readonly string[];
  readonly #ports: { readonly etcd: number; readonly peer: number; readonly api: number };
  #etcd: ChildProcess | undefined;
  #server: ChildProcess | undefined;

  private constructor(prefix: readonly string[], ports: readonly [number, number, number]) {
    this.#prefix = prefix;
    const [etcd, peer, api] = ports;
    this.#ports = { etcd, peer, api };
  }

  /**
   * Starts a server.
   * @param prefix the beginning of its command line, such as that of `ip netns exec`
   */
  static async start(prefix: readonly string[] = []): Promise<ApiServer> {
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const server = new ApiServer(prefix, ports);
    server.#startEtcd();
    await server.restart();
    return server;
  }

  get isRunning(): boolean {
    return this.#server?.exitCode === null;
  }

  /** The path of a configuration for its clients. */
  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const [command = '', ...rest] = [...this.#prefix, join(programs ?? '', program), ...args];
    return spawn(command, rest, { stdio: ['ignore', 'ignore', 'ignore'] });
  }

  #startEtcd(): void {
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const { etcd, peer } = this.#ports;
    this.#etcd = this.#run('etcd', [
      ...['--data-dir', join(this.#folder, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', url(etcd), '--advertise-client-urls', url(etcd)],
      ...['--listen-peer-urls', url(peer), '--initial-advertise-peer-urls', url(peer)],
      ...['--initial-cluster', `default=${url(peer)}`],
    ]);
  }

  /** Starts the API server, after it was stopped or before; etcd keeps the objects. */
  async restart(): Promise<void> {
    await this.stop();
    const { etcd, api } = this.#ports;
    this.#server = this.#run('kube-api', [
      ...['--etcd', `http://127.0.0.1:${etcd}`, '--port', String(api)],
      ...['--certificates', this.#folder],
    ]);
    for (;;) {
      if (this.#server.exitCode !== null) throw new Error('the API server has ended');
      try {
        if ((await this.call('GET', '/readyz')) === 'ok') break;
      } catch {
        // It does not listen yet.
      }
      await sleep(INTERVAL);
    }
    const certificate = readFileSync(join(this.#folder, 'apiserver.crt')).toString('base64');
    const cluster = {
      server: `https://localhost:${api}`,
      'certificate-authority-data': certificate,
    };
    const name = 'test';
    writeFileSync(
      this.kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name, cluster }],
        users: [{ name, user: {} }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        'current-context': name,
      }),
    );
  }

  /** Stops the API server. Its connections break. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  /** Stops everything, and deletes the objects. */
  async close(): Promise<void> {
    await this.stop();
    this.#etcd?.kill('SIGKILL');
    if (this.#etcd !== undefined) await once(this.#etcd, 'exit');
    rmSync(this.#folder, { recursive: true });
  }

  /** Forgets all versions before the newest one, in etcd: watches from there on get a 410. */
  async compact(): Promise<void> {
    const list = await this.call('GET', '/api/v1/services?limit=1');
    const { metadata } = JSON.parse(list) as { metadata: { resourceVersion: string } };
    const response = await fetch(`http://127.0.0.1:${this.#ports.etcd}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: metadata.resourceVersion, physical: true }),
    });
    if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
  }

  /** Creates an object. */
  create(path: string, object: object): Promise<string> {
    return this.call('POST', path, object);
  }

  /** Sends a request; returns the answer. */
  call(method: string, path: string, object?: object): Promise<string> {
    const { api } = this.#ports;
    const file = join(this.#folder, 'apiserver.crt');
    if (!existsSync(file)) return Promise.reject(new Error('there is no certificate yet'));
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const options = {
        host: 'localhost',
        port: api,
        method,
        path,
        headers,
        ca: readFileSync(file),
      };
      const sent = request(options, async (response) => {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        const { statusCode = 0 } = response;
        if (statusCode < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${statusCode} ${text}`));
      });
      sent.on('error', reject);
      sent.end(object === undefined ? undefined : JSON.stringify(object));
    });
  }
}

const SERVICES = '/api/v1/namespaces/default/services';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

/** The paths of objects of the namespace default. */
export const paths = {
  services: SERVICES,
  service: (name: string) => `${SERVICES}/${name}`,
  slices: SLICES,
  slice: (name: string) => `${SLICES}/${name}`,
  nodes: '/api/v1/nodes',
};
