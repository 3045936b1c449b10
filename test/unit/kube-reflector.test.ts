import { getEventListeners, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { globalAgent, type ServerResponse } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiClient } from '../../lib/cli/kubernetes/api-client.js';
import { openCluster } from '../../lib/cli/kubernetes/cluster.js';
import { type ApiObject, reflect } from '../../lib/cli/kubernetes/reflector.js';
import { ApiServer, paths, programs } from '../kubernetes/api-server.js';
import { eventOf, listOf, startFakeApiServer } from './helpers/fake-api-server.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 20 };

const serviceOf = (name: string, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels },
  spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] },
});

describe.skipIf(programs === undefined)('a reflector of Services', () => {
  let server: ApiServer;
  let client: ApiClient;
  let stop: AbortController;
  let known: Map<string, ApiObject>;
  let lists: number;
  let failures: string[];
  let running: Promise<void>;

  beforeAll(async () => {
    server = await ApiServer.start();
    client = await openCluster(server.kubeconfig);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    stop = new AbortController();
    known = new Map();
    lists = 0;
    failures = [];
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await server.call('DELETE', paths.services);
  });

  const nameOf = ({ metadata }: ApiObject) => metadata?.name ?? '';

  function start(through = client): void {
    const reflected = {
      path: '/api/v1/services',
      labelSelector: '!other',
      replace: (objects: readonly ApiObject[]) => {
        lists++;
        known = new Map(objects.map((object) => [nameOf(object), object]));
      },
      set: (object: ApiObject) => void known.set(nameOf(object), object),
      remove: (object: ApiObject) => void known.delete(nameOf(object)),
      failed: ({ message }: Error) => void failures.push(message),
    };
    running = reflect(through, reflected, stop.signal);
  }

  const untilNames = (...names: string[]) =>
    vi.waitFor(() => expect([...known.keys()].sort()).toEqual(names), PATIENCE);

  test('lists what is there, and follows what is added, changed and deleted', async () => {
    await server.create(paths.services, serviceOf('a'));
    start();
    await untilNames('a');
    await server.create(paths.services, serviceOf('b'));
    await server.create(paths.services, serviceOf('c', { other: 'yes' }));
    await untilNames('a', 'b');
    const text = await server.call('GET', paths.service('a'));
    const changed = { ...JSON.parse(text), spec: { ports: [{ port: 81 }] } };
    await server.call('PUT', paths.service('a'), changed);
    await vi.waitFor(
      () => expect(known.get('a')).toMatchObject({ spec: { ports: [{ port: 81 }] } }),
      PATIENCE,
    );
    await server.call('DELETE', paths.service('a'));
    await untilNames('b');
    expect(lists).toBe(1);
    expect(failures).toEqual([]);
  });

  test('goes on where it was when the server was restarted', async () => {
    start();
    await vi.waitFor(() => expect(lists).toBe(1), PATIENCE);
    await server.create(paths.services, serviceOf('a'));
    await untilNames('a');
    await server.stop();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), PATIENCE);
    await server.restart();
    await server.create(paths.services, serviceOf('b'));
    await untilNames('a', 'b');
    expect(lists).toBe(1);
  });

  test('lists everything again when the server does not know its version any more', async () => {
    await server.create(paths.services, serviceOf('a'));
    await server.create(paths.services, serviceOf('b'));
    const cut = await Relay.before(server);
    start(new ApiClient(await cut.config()));
    await untilNames('a', 'b');
    // What happens now is missed for good.
    cut.refuse();
    await server.call('DELETE', paths.service('a'));
    await server.create(paths.services, serviceOf('c'));
    await server.compact();
    await server.restart();
    cut.allow();
    await untilNames('b', 'c');
    expect(lists).toBe(2);
    expect(failures.join()).toMatch(/410/);
    await cut.close();
  });

  test('opens a connection again that breaks in the middle of an event', async () => {
    const cut = await Relay.before(server);
    start(new ApiClient(await cut.config()));
    await vi.waitFor(() => expect(lists).toBe(1), PATIENCE);
    for (const name of ['a', 'b', 'c']) {
      cut.breakAfter(100);
      await server.create(paths.services, serviceOf(name));
      await vi.waitFor(() => expect(known.has(name)).toBe(true), PATIENCE);
    }
    expect(cut.breaks).toBe(3);
    expect(lists).toBe(1);
    await cut.close();
  });

  test('reads 5,000 Services in pages', async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `s${String(index).padStart(4, '0')}`);
    for (let first = 0; first < names.length; first += 100) {
      const some = names.slice(first, first + 100);
      await Promise.all(some.map((name) => server.create(paths.services, serviceOf(name))));
    }
    start();
    await untilNames(...names);
    expect(lists).toBe(1);
    await server.call('DELETE', paths.service('s2500'));
    await vi.waitFor(() => expect(known.size).toBe(4999), PATIENCE);
  });
});

describe('a reflector with a fake API server', () => {
  /** Reflects until `isDone`. Returns what the reflector told. */
  async function told(client: ApiClient, isDone: (lines: readonly string[]) => boolean) {
    const lines: string[] = [];
    const stop = new AbortController();
    const tell = (line: string) => {
      lines.push(line);
      if (isDone(lines)) stop.abort();
    };
    const nameOf = ({ metadata }: ApiObject) => metadata?.name;
    const reflected = {
      path: '/api/v1/services',
      replace: (objects: readonly ApiObject[]) => tell(`replace ${objects.map(nameOf)}`.trim()),
      set: (object: ApiObject) => tell(`set ${nameOf(object)}`),
      remove: (object: ApiObject) => tell(`remove ${nameOf(object)}`),
      failed: ({ message }: Error) => tell(message),
    };
    await reflect(client, reflected, stop.signal);
    return lines;
  }

  test('watches again from the version of a bookmark', async () => {
    const versions: (string | null)[] = [];
    using server = await startFakeApiServer(({ isWatch, query }, response) => {
      if (!isWatch) return response.end(listOf([]));
      versions.push(query.get('resourceVersion'));
      if (versions.length === 3) {
        response.write(eventOf('ADDED', { metadata: { name: 'a', resourceVersion: '8' } }));
      } else response.end(eventOf('BOOKMARK', { metadata: { resourceVersion: '7' } }));
    });
    const lines = await told(server.client, (all) => all.includes('set a'));
    expect(lines).toEqual(['replace', 'set a']);
    expect(versions).toEqual(['5', '7', '7']);
  });

  test('lists again after each third of errors that do not end', async () => {
    const message = 'etcdserver: mvcc: database space exceeded';
    using server = await startFakeApiServer(({ isWatch }, response) => {
      response.end(isWatch ? eventOf('ERROR', { code: 500, message }) : listOf([]));
    });
    const failure = `watch: 500 ${message}`;
    const lines = await told(server.client, ({ length }) => length === 8);
    const attempt = ['replace', failure, failure, failure];
    expect(lines).toEqual([...attempt, ...attempt]);
  });

  test.each([
    ['{"type":"ADDED"', 'the server sent no JSON: "{\\"type\\":\\"ADDED\\""'],
    ['[]', 'the server sent no event'],
    ['{"type":"ADDED","object":null}', 'the server sent no object'],
    [eventOf('ERROR', {}).trim(), 'watch: undefined undefined'],
  ])('reports the line %s of a watch, and closes the connection', async (line, message) => {
    let open: ServerResponse | undefined;
    using server = await startFakeApiServer(({ isWatch }, response) => {
      if (!isWatch) return response.end(listOf([]));
      open = response;
      response.write(`${line}\n`);
    });
    const lines = await told(server.client, ({ length }) => length === 2);
    expect(lines).toEqual(['replace', message]);
    await vi.waitFor(() => expect(open?.destroyed).toBe(true), PATIENCE);
  });

  test.each([
    ['null', 'the server sent no object'],
    ['{"metadata":{}}', 'the server sent no list'],
    ['{"metadata":{"resourceVersion":"5"},"items":{}}', 'the server sent no list'],
    ['{"metadata":{"resourceVersion":"5"},"items":[null]}', 'the server sent no object'],
    ['<html>', 'the server sent no JSON: "<html>"'],
  ])('reports the list %s', async (list, message) => {
    using server = await startFakeApiServer((_, response) => response.end(list));
    expect(await told(server.client, () => true)).toEqual([message]);
  });
});

describe('a client of the API', () => {
  test('leaves nothing on the connection, which it uses again', async () => {
    using server = await startFakeApiServer((_, response) => response.end(`{}\n`.repeat(3)));
    const { signal } = new AbortController();
    const sockets = () => Object.values(globalAgent.freeSockets).flatMap((each) => each ?? []);
    const counts: number[] = [];
    for (let time = 0; time < 4; time++) {
      const lines: unknown[] = [];
      for await (const line of server.client.lines('/', 60_000, signal)) lines.push(line);
      expect(lines).toEqual([{}, {}, {}]);
      await vi.waitFor(() => expect(sockets()).toHaveLength(1), PATIENCE);
      counts.push(sockets()[0]?.listenerCount('timeout') ?? Number.NaN);
    }
    expect(new Set(counts).size).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('ends a list and a watch in which no more data comes', async () => {
    using server = await startFakeApiServer((_, response) => response.write('{'));
    const { signal } = new AbortController();
    const lines = async () => {
      for await (const _ of server.client.lines('/', 100, signal)) throw new Error('no line');
    };
    await expect(lines()).rejects.toThrow('no data for 0.1 s');
    await expect(server.client.get('/', signal, 100)).rejects.toThrow('no data for 0.1 s');
  });

  test.each(['destroySoon', 'resetAndDestroy'] as const)(
    'tells a watch that the other side closes (%s) from one in which no more data comes',
    async (close) => {
      let socket: Socket | null = null;
      using server = await startFakeApiServer((_, response) => {
        socket = response.socket;
        response.write('{}\n{');
      });
      const { signal } = new AbortController();
      const watch = async (idleTimeout: number, afterLine: () => void) => {
        for await (const line of server.client.lines('/', idleTimeout, signal)) {
          expect(line).toEqual({});
          afterLine();
        }
      };
      // Not before the line: a reset takes along what was not read.
      await expect(watch(60_000, () => socket?.[close]())).rejects.toMatchObject({
        name: 'BrokenResponseError',
        message: 'the connection broke',
        isClosed: true,
      });
      await expect(watch(100, () => undefined)).rejects.toMatchObject({
        name: 'BrokenResponseError',
        message: 'no data for 0.1 s',
        isClosed: false,
      });
    },
  );

  test.each([
    ['7', 7000],
    ['Tue, 01 Dec 2026 10:00:00 GMT', undefined],
    [undefined, undefined],
  ])('reads the Retry-After %s of a refusal', async (header, retryAfter) => {
    using server = await startFakeApiServer((_, response) => {
      if (header !== undefined) response.setHeader('retry-after', header);
      response.writeHead(429).end('slowly');
    });
    const refusal = server.client.get('/', new AbortController().signal);
    await expect(refusal).rejects.toMatchObject({ status: 429, retryAfter });
  });

  test('has the kernel probe the connection of a quiet watch', async () => {
    let port: number | undefined;
    using server = await startFakeApiServer((_, response) => {
      port = response.socket?.remotePort;
      response.write('{}\n');
    });
    const stop = new AbortController();
    const lines = server.client.lines('/', 60_000, stop.signal);
    await lines.next();
    // Without the client's own delay, Node.js may have set one of a second.
    await vi.waitFor(() => expect(probeIn(port)).toBeGreaterThan(2), PATIENCE);
    const ended = lines.next();
    stop.abort();
    await expect(ended).rejects.toThrow();
  });
});

/** Returns the seconds until the kernel probes a connection from a local port, if it does. */
function probeIn(port = 0): number {
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  const fields = lines.map((line) => line.trim().split(/ +/));
  // The kind of the timer (2: keepalive), and its hundredths of a second.
  const [kind, left] = fields.find(([, local]) => local?.endsWith(address))?.[5]?.split(':') ?? [];
  return kind === '02' ? Number(`0x${left}`) / 100 : Number.NaN;
}

/** Passes connections on to a server, and breaks them when it is told to. */
class Relay {
  readonly #server: Server;
  readonly #target: number;
  readonly #kubeconfig: string;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;
  #left = Number.POSITIVE_INFINITY;
  /** How often it has broken connections in the middle of what they sent. */
  breaks = 0;

  private constructor(server: Server, target: number, kubeconfig: string) {
    this.#server = server;
    this.#target = target;
    this.#kubeconfig = kubeconfig;
    server.on('connection', (socket: Socket) => this.#pass(socket));
  }

  static async before({ kubeconfig }: ApiServer): Promise<Relay> {
    const server = createServer().listen(0, 'localhost');
    await once(server, 'listening');
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const target = Number(new URL(config.getCurrentCluster()?.server ?? '').port);
    return new Relay(server, target, kubeconfig);
  }

  /** Returns the configuration of clients that go through the proxy. */
  async config() {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it listens on a port');
    const config = new KubeConfig();
    config.loadFromFile(this.#kubeconfig);
    const [cluster, ...others] = config.clusters;
    if (cluster === undefined) throw new Error('there is one');
    config.clusters = [{ ...cluster, server: `https://localhost:${address.port}` }, ...others];
    return config;
  }

  /** Breaks all connections after the server has sent so many bytes more. */
  breakAfter(bytes: number): void {
    this.#left = bytes;
  }

  refuse(): void {
    this.#isOpen = false;
    this.#breakAll();
  }

  allow(): void {
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    this.#breakAll();
    this.#server.close();
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(client: Socket): void {
    if (!this.#isOpen) {
      client.destroy();
      return;
    }
    const server = connect(this.#target, 'localhost');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (data: Buffer) => {
      this.#left -= data.length;
      if (this.#left >= 0) {
        client.write(data);
        return;
      }
      client.write(data.subarray(0, data.length >> 1));
      this.#left = Number.POSITIVE_INFINITY;
      this.breaks++;
      this.#breakAll();
    });
  }
}
