/**
 * The command `ipvs exporter`, as a process.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CONTENT_TYPES } from 'ipvs/metrics';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build, root } from '../helpers/programs.js';
import { checkMetrics, freePort, parseOpenMetrics } from '../helpers/prometheus.js';
import { useNamespace } from '../helpers/use-namespace.js';

const fixture = useNamespace();
const SERVICE = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;

beforeAll(async () => {
  build();
  await fixture.ipvs.addService(SERVICE);
  await fixture.ipvs.addDestination(SERVICE, { address: '10.0.0.2', weight: 7 });
});

/** A process of the command. */
class Exporter {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown>;
  errors = '';
  readonly #lines: AsyncIterator<string>;

  constructor(...options: readonly string[]) {
    const args = [join(root, 'dist/cli.cjs'), 'exporter', ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    this.exit = once(child, 'close').then(([status, signal]) => status ?? signal);
    child.stderr.on('data', (data) => {
      this.errors += data;
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    running.push(this);
  }

  /** Resolves to the URL that it listens on. */
  async url(): Promise<URL> {
    const { value } = await this.#lines.next();
    const [, url] = /^listening on (http:\S+)$/.exec(value ?? '') ?? [];
    if (url === undefined) throw new Error(`${value} ${this.errors}`);
    return new URL(url);
  }
}

const running: Exporter[] = [];
afterEach(async () => {
  for (const { process: child, exit } of running.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
});

const open = (...options: readonly string[]) =>
  new Exporter('--listen', '127.0.0.1:0', '--netns', fixture.namespace.name, ...options);

/** Runs an exporter to its end. */
async function ended(listen: string) {
  const exporter = new Exporter('--listen', listen, '--netns', fixture.namespace.name);
  const exit = await exporter.exit;
  return { exit, errors: exporter.errors };
}

describe('the exporter', () => {
  test('serves both formats, of the services of a namespace', async () => {
    const url = await open().url();
    const openmetrics = await fetch(url, { headers: { accept: 'application/openmetrics-text' } });
    expect(openmetrics.status).toBe(200);
    expect(openmetrics.headers.get('content-type')).toBe(CONTENT_TYPES.openmetrics);
    const names = parseOpenMetrics(await openmetrics.text()).map(({ name }) => name);
    expect(names).toContain('ipvs_service_connections');
    expect(names.filter((name) => /^(node_ipvs|ipvs_destination)_/.test(name))).toEqual([]);

    const plain = await fetch(url);
    expect(plain.headers.get('content-type')).toBe(CONTENT_TYPES.prometheus);
    const text = await plain.text();
    expect(checkMetrics(text)).toBe('');
    expect(text).toContain('ipvs_service_weight{service="tcp://10.96.0.1:80"} 7\n');
    expect(plain.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  });

  test('has destinations and the names of node_exporter by choice', async () => {
    const url = await open('--level', 'destination', '--node-exporter').url();
    const text = await (await fetch(url)).text();
    expect(text).toContain('ipvs_destination_weight{service="tcp://10.96.0.1:80",');
    expect(text).toMatch(/^node_ipvs_backend_weight\{local_address="10\.96\.0\.1",.*\} 7$/m);
  });

  test('serves /healthz and a list of its pages, answers HEAD, and refuses the rest', async () => {
    const url = await open().url();
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(new URL(path, url), { method });
      return [response.status, await response.text()];
    };
    expect(await ask('/healthz')).toEqual([200, 'ok\n']);
    expect(await ask('/')).toEqual([200, '/metrics\n/healthz\n']);
    expect(await ask('/metrics', 'HEAD')).toEqual([200, '']);
    expect(await ask('/metrics?debug=1', 'HEAD')).toEqual([200, '']);
    expect(await ask('/other')).toEqual([404, 'Not Found\n']);
    expect(await ask('/toString')).toEqual([404, 'Not Found\n']);
    expect(await ask('/metrics', 'POST')).toEqual([405, 'Method Not Allowed\n']);
    const refused = await fetch(url, { method: 'DELETE' });
    expect(refused.headers.get('allow')).toBe('GET, HEAD');
  });

  test('ends at SIGTERM with status 0, although clients keep connections open', async () => {
    const exporter = open();
    const { hostname, port } = await exporter.url();
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    const kept = request({
      hostname,
      port,
      path: '/metrics',
      headers: { connection: 'keep-alive' },
    });
    kept.end();
    const [response] = await once(kept, 'response');
    response.resume();
    await once(response, 'end');
    exporter.process.kill('SIGTERM');
    expect(await exporter.exit).toBe(0);
    expect(exporter.errors).toBe('');
    idle.destroy();
  });

  test.each([
    [[], '--listen is missing: --listen [ADDRESS]:PORT'],
    [['--listen', '9718'], "--listen: '9718' is not [ADDRESS]:PORT"],
  ])('refuses %j', async (options, message) => {
    const exporter = new Exporter(...options);
    expect(await exporter.exit).toBe(2);
    expect(exporter.errors).toContain(`ipvs exporter: ${message}`);
    expect(exporter.errors).toMatch(/Try 'ipvs exporter --help'\.\n$/);
  });

  test('fails if its port is taken', async () => {
    const port = await freePort();
    const options = ['--listen', `127.0.0.1:${port}`, '--netns', fixture.namespace.name];
    await new Exporter(...options).url();
    const second = new Exporter(...options);
    expect(await second.exit).toBe(1);
    expect(second.errors).toBe(
      `ipvs exporter: --listen: cannot listen on 127.0.0.1:${port}: address already in use (EADDRINUSE)\n`,
    );
  });

  test.each([
    ['192.0.2.99:9718', '192.0.2.99:9718: address not available (EADDRNOTAVAIL)'],
    ['[2001:db8::99]:9718', '[2001:db8::99]:9718: address not available (EADDRNOTAVAIL)'],
  ])('fails if the host does not have %s', async (address, words) => {
    const { exit, errors } = await ended(address);
    expect({ exit, errors }).toEqual({
      exit: 1,
      errors: `ipvs exporter: --listen: cannot listen on ${words}\n`,
    });
  });

  test('fails at a name that is no host', async () => {
    const { exit, errors } = await ended('no-such-host.invalid:9718');
    expect(exit).toBe(1);
    expect(errors).toMatch(
      /^ipvs exporter: --listen: cannot listen on no-such-host\.invalid:9718: .+ \(E\w+\)\n$/,
    );
  });

  test('listens on IPv6 and on all addresses', async () => {
    const six = new Exporter('--listen', '[::1]:0', '--netns', fixture.namespace.path);
    const url = await six.url();
    expect(url.hostname).toBe('[::1]');
    expect((await fetch(url)).status).toBe(200);
    const all = await new Exporter('--listen', ':0', '--netns', fixture.namespace.path).url();
    expect((await fetch(`http://127.0.0.1:${all.port}/healthz`)).status).toBe(200);
  });
});
