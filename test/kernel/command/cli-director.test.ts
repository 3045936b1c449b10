// `ipvs director` as a process: its file, its events, its signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ipvs, ipvsCommand } from '../helpers/command.js';
import { Namespace } from '../helpers/namespace.js';
import { until } from '../helpers/poll.js';
import { freePort } from '../helpers/prometheus.js';

const folder = mkdtempSync(join(tmpdir(), 'ipvs-cli-director-'));
const path = join(folder, 'state.json');
let namespace: Namespace;
const started: ChildProcess[] = [];

beforeAll(() => {
  namespace = new Namespace();
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  namespace.ipvsadm('-C');
});
afterAll(() => {
  namespace.delete();
  rmSync(folder, { recursive: true });
});

/** A director of the namespace. */
class DirectorProcess {
  readonly #child: ChildProcess;
  #printed = '';
  #errors = '';

  constructor(...args: string[]) {
    const [program = '', ...words] = [...ipvsCommand(), 'director', ...args];
    this.#child = spawn(program, [...words, '--netns', namespace.name]);
    started.push(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** Writes the standard input, and ends it. */
  write(text: string): void {
    this.#child.stdin?.end(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when it has printed a text so many times. */
  async printed(text: string, times = 1): Promise<void> {
    await until(
      () => `${this.#printed}${this.#errors}`,
      (all) => all.split(text).length > times,
    );
  }

  async ended(): Promise<{ status: number | null; output: string; errors: string }> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    // A process that a signal has ended has no status.
    expect(child.signalCode, this.#errors).toBe(null);
    return { status: child.exitCode, output: this.#printed, errors: this.#errors };
  }
}

const stateOf = (...servers: string[]) =>
  JSON.stringify({
    services: [
      {
        protocol: 'tcp',
        address: '10.96.0.1',
        port: 80,
        destinations: servers.map((address) => ({ address, port: 8080, forwarding: 'masquerade' })),
      },
    ],
  });
const servers = () => namespace.saved().flatMap((line) => /-r (\S+):8080/.exec(line)?.[1] ?? []);

test('follows its file, repairs drift, and leaves the table when SIGTERM ends it', async () => {
  writeFileSync(path, stateOf('10.1.1.2'));
  const director = new DirectorProcess('--owns', 'network=10.96.0.0/12', '--resync', '1', path);
  await director.printed(`applied ${path}\n`);
  expect(servers()).toEqual(['10.1.1.2']);

  writeFileSync(path, stateOf('10.1.1.2', '10.1.2.2'));
  await director.printed(`applied ${path}\n`, 2);
  expect(servers()).toEqual(['10.1.1.2', '10.1.2.2']);

  namespace.ipvsadm('-d', '-t', '10.96.0.1:80', '-r', '10.1.2.2:8080');
  namespace.ipvsadm('-A', '-t', '10.97.0.1:80');
  namespace.ipvsadm('-A', '-t', '10.0.0.1:80');
  await director.printed('- tcp://10.97.0.1:80\n');
  await director.printed('drifted\n  + tcp://10.96.0.1:80 10.1.2.2:8080\n');

  // A file that cannot be used; SIGHUP reads it again.
  writeFileSync(path, '{ "services": [7] }');
  const rejection = `rejected ${path}\n  ${path}:1:16: services[0]: 7 is not an object`;
  await director.printed(rejection);
  director.signal('SIGHUP');
  await director.printed(rejection, 2);

  director.signal('SIGTERM');
  const { status, output, errors } = await director.ended();
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  expect(output).toMatch(/^changed\n {2}\+ tcp:\/\/10\.96\.0\.1:80\n {2}\+ .*10\.1\.1\.2:8080\n/);
  expect(output).toMatch(/\nstopped\n$/);
  expect(servers()).toEqual(['10.1.1.2', '10.1.2.2']);
  expect(namespace.saved()).toContain('-A -t 10.0.0.1:80 -s wlc');
});

test('reads the standard input once, and prints events as JSON', async () => {
  const director = new DirectorProcess('--link', 'vip0', '--drain-timeout', '1', '--json', '-');
  director.write(stateOf('10.1.1.2'));
  await director.printed('"applied"');
  expect(namespace.ip('address', 'show', 'vip0')).toContain('inet 10.96.0.1/32');
  director.signal('SIGINT');
  const { status, output } = await director.ended();
  expect(status).toBe(0);
  const events = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      type: 'changed',
      changes: [
        { action: 'add', service: 'tcp://10.96.0.1:80' },
        { action: 'add', service: 'tcp://10.96.0.1:80', destination: '10.1.1.2:8080' },
      ],
      addresses: { added: ['10.96.0.1/32'], removed: [], updated: [] },
      diff: expect.stringContaining('+ address 10.96.0.1/32'),
    },
    { time: expect.any(String), type: 'applied', file: '-' },
    { time: expect.any(String), type: 'stopped' },
  ]);
});

test('reports what the kernel refuses, and goes on', async () => {
  const wanted = {
    services: [{ protocol: 'tcp', address: '10.96.0.2', port: 80, scheduler: 'absent' }],
  };
  writeFileSync(path, JSON.stringify(wanted));
  const director = new DirectorProcess('--owns', 'port=80', path);
  await director.printed('refused: next try in ');
  writeFileSync(path, stateOf('10.1.1.2'));
  await director.printed(`applied ${path}`);
  director.signal('SIGTERM');
  const { status, output } = await director.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/^refused: next try in \d+ ms\n {2}.*10\.96\.0\.2:80.*absent/);
});

test('reports a file as applied when what was refused at first has succeeded', async () => {
  namespace.ip('link', 'add', 'vip1', 'type', 'dummy');
  const setIpv6 = (isOff: number) =>
    namespace.run('sysctl', ['-qw', `net.ipv6.conf.vip1.disable_ipv6=${isOff}`]);
  setIpv6(1);
  const service = { protocol: 'tcp', address: 'fd96::1', port: 80, destinations: [] };
  writeFileSync(path, JSON.stringify({ services: [service] }));
  const director = new DirectorProcess('--link', 'vip1', path);
  await director.printed('refused: next try in ');
  setIpv6(0);
  await director.printed(`recovered\napplied ${path}\n`);
  expect(namespace.ip('address', 'show', 'vip1')).toContain('inet6 fd96::1/128');
  director.signal('SIGTERM');
  const { status, output } = await director.ended();
  expect(status).toBe(0);
  expect(output.split('applied').length).toBe(2);
});

test('fails at the start if the file cannot be used', () => {
  expect(ipvs(namespace, ['director', '--owns', 'port=80', '-'], '{"services":[7]}')).toEqual({
    status: 2,
    output: '',
    errors:
      'ipvs director: standard input:1:14: services[0]: 7 is not an object: a service and its destinations\n',
  });
});

test('serves its metrics and its health', async () => {
  writeFileSync(path, stateOf('10.1.1.2'));
  const port = await freePort();
  const owns = ['--owns', 'network=10.96.0.0/12'];
  const director = new DirectorProcess(...owns, '--metrics', `127.0.0.1:${port}`, path);
  await director.printed(`applied ${path}\n`);
  const get = async (page: string) => (await fetch(`http://127.0.0.1:${port}${page}`)).text();
  expect(await get('/healthz')).toBe('ok\n');
  const text = await get('/metrics');
  expect(text).toContain('ipvs_director_changes_total{object="destination",action="add"} 1\n');
  expect(text).toContain('ipvs_service_destinations{service="tcp://10.96.0.1:80"} 1\n');
  expect(text).toContain('ipvs_calls_total{operation="reconcile"} 1\n');
  director.signal('SIGTERM');
  expect((await director.ended()).status).toBe(0);

  const refused = new DirectorProcess(...owns, '--metrics', '9718', path);
  const { status, errors } = await refused.ended();
  expect(status).toBe(2);
  expect(errors).toContain("ipvs director: --metrics: '9718' is not [ADDRESS]:PORT");
});

/** Resolves to true if something listens on a port. */
async function accepts(port: number): Promise<boolean> {
  const client = connect(port, '127.0.0.1');
  try {
    await once(client, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

/** Sends so many requests of metrics at once. */
async function pipeline(port: number, requests: number) {
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  await once(client, 'connect');
  client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests));
  return client;
}

test('ends at SIGTERM after a client that left before its pages came', async () => {
  writeFileSync(path, stateOf('10.1.1.2'));
  const port = await freePort();
  const director = new DirectorProcess('--owns', 'port=80', '--metrics', `127.0.0.1:${port}`, path);
  await director.printed(`applied ${path}\n`);
  const client = await pipeline(port, 3);
  client.end();
  client.resume();
  await once(client, 'close');
  director.signal('SIGTERM');
  expect((await director.ended()).status).toBe(0);
});

test('changes nothing while a slow scrape holds up its end', async () => {
  writeFileSync(path, stateOf('10.1.1.2'));
  const port = await freePort();
  const options = ['--owns', 'port=80', '--resync', '1', '--metrics', `127.0.0.1:${port}`];
  const director = new DirectorProcess(...options, path);
  await director.printed(`applied ${path}\n`);
  // It reads none of its pages, which are too many for any buffer.
  const client = await pipeline(port, 10_000);
  client.pause();
  director.signal('SIGTERM');
  await until(
    () => accepts(port),
    (isOpen) => !isOpen,
  );
  namespace.ipvsadm('-d', '-t', '10.96.0.1:80', '-r', '10.1.1.2:8080');
  const { status, output } = await director.ended();
  client.destroy();
  expect(status).toBe(0);
  expect(output).not.toContain('drifted');
  expect(servers()).toEqual([]);
});
