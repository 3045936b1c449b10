import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../lib/cli/arguments.js';
import { parseListen } from '../../lib/cli/listen.js';
import { HttpPort } from '../../lib/cli/server/http-port.js';
import { metricsPages } from '../../lib/cli/server/pages.js';
import { IpvsError } from '../../lib/index.js';
import { Metrics } from '../../lib/metrics/index.js';
import { sourceOf, web, withServers } from './helpers/metrics-fixture.js';

describe('the address to listen on', () => {
  test.each([
    [':9718', undefined, 9718],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['localhost:65535', 'localhost', 65535],
    ['[fd00::1]:80', 'fd00::1', 80],
  ])('may be %s', (text, host, port) => {
    expect(parseListen('--listen', text)).toEqual({ host, port });
  });

  test.each([
    '',
    '9718',
    ':',
    ':http',
    ':65536',
    '::1:80',
    '[::1]',
    '[::1]:',
    'a b:80',
    ':-1',
    '[::1',
    '[1.2.3.4]:80',
    '[::::]:80',
  ])('is not %j', (text) => {
    expect(() => parseListen('--listen', text)).toThrow(UsageError);
    expect(() => parseListen('--listen', text)).toThrow(
      `--listen: '${text}' is not [ADDRESS]:PORT`,
    );
  });
});

describe('the server', () => {
  const { fake, source } = sourceOf([withServers(web)]);
  let health: () => Promise<unknown> = async () => undefined;
  const server = createServer(
    metricsPages({ metrics: new Metrics(source), checkHealth: () => health() }),
  );

  async function ask(path: string): Promise<readonly [status: number, text: string]> {
    if (!server.listening) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    // A server that listens on a port has an address.
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  }

  /** Asks with any target, such as a whole URL. */
  async function askFor(method: string, target: string): Promise<IncomingMessage> {
    await ask('/healthz');
    const { port } = server.address() as AddressInfo;
    const sent = send({ host: '127.0.0.1', port, method, path: target }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response;
  }

  test.each([
    ['GET', '/metrics', 200],
    ['GET', '/metrics?name[]=ipvs', 200],
    ['GET', 'http://node.example:9718/metrics', 200],
    ['GET', 'HTTP://node.example/healthz?verbose', 200],
    ['GET', 'http://node.example', 200],
    ['GET', '/metrics/', 404],
    ['GET', '//metrics', 404],
    ['GET', '/__proto__', 404],
    ['GET', 'ftp://node.example/metrics', 404],
    ['HEAD', '/metrics', 200],
    ['POST', '/metrics', 405],
    ['DELETE', '/', 405],
    ['OPTIONS', '*', 404],
  ])('answers %s %s with status %d', async (method, target, status) => {
    const response = await askFor(method, target);
    expect(response.statusCode).toBe(status);
    expect(response.headers.vary).toBe('accept');
    if (status === 405) expect(response.headers.allow).toBe('GET, HEAD');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  test('a table that cannot be read is status 503 with the reason, until it can be read again', async () => {
    const reason = 'snapshot: the kernel has no IPVS';
    fake.failure = new IpvsError(reason, { code: 'ERR_IPVS_UNAVAILABLE' });
    expect(await ask('/metrics')).toEqual([503, `${reason}\n`]);
    fake.failure = undefined;
    const [status, text] = await ask('/metrics');
    expect(status).toBe(200);
    expect(text).toContain('\nipvs_services 1\n');
  });

  test('a failed health check is status 503 with the reason', async () => {
    health = () => Promise.reject(new Error('getInfo: timed out'));
    expect(await ask('/healthz')).toEqual([503, 'getInfo: timed out\n']);
    health = async () => undefined;
    expect(await ask('/healthz')).toEqual([200, 'ok\n']);
  });
});

describe('the port', () => {
  /** Milliseconds, of the five seconds after which the port gives up. */
  const AT_ONCE = 4000;
  const REQUEST = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

  /** Opens a port whose responses wait until `answer` is called. */
  async function openPort() {
    const port = await HttpPort.open('--listen', { host: '127.0.0.1', port: 0 });
    const waiting: (() => void)[] = [];
    port.serve((_request, response) => waiting.push(() => response.end('page')));
    const answer = () => {
      for (const respond of waiting.splice(0)) respond();
    };
    /** Sends so many requests at once. */
    const send = async (requests: number) => {
      const client = connect(Number(new URL(port.url).port), '127.0.0.1');
      client.write(REQUEST.repeat(requests));
      await vi.waitUntil(() => waiting.length >= requests, { interval: 5, timeout: 30_000 });
      return client;
    };
    return { port, answer, send };
  }

  test.each(['destroy', 'end'] as const)(
    'closes at once after a client that has left its pipelined requests (%s)',
    async (leave) => {
      const { port, answer, send } = await openPort();
      const client = await send(3);
      client.resume()[leave]();
      await once(client, 'close');
      await new Promise(setImmediate);
      const began = performance.now();
      await port.close();
      expect(performance.now() - began).toBeLessThan(AT_ONCE);
      answer();
    },
  );

  test('closes when the client of the last responses leaves', async () => {
    const { port, send } = await openPort();
    const client = await send(3);
    const began = performance.now();
    const closed = port.close();
    client.destroy();
    await closed;
    expect(performance.now() - began).toBeLessThan(AT_ONCE);
  });

  test('answers the requests in flight before it closes', async () => {
    const { port, answer, send } = await openPort();
    const client = await send(3);
    let text = '';
    client.on('data', (data) => {
      text += data;
    });
    const closed = port.close();
    answer();
    await closed;
    await once(client, 'close');
    expect(text.match(/page/g)).toHaveLength(3);
  });
});
