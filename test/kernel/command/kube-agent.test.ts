/**
 * `ipvs kubernetes` with a real API server: inspected with ipvsadm, ip and HTTP. The agent runs in
 * the namespace of the tests, where the server is.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiServer, paths, programs } from '../../kubernetes/api-server.js';
import { root } from '../helpers/programs.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 240_000, interval: 100 };
const LINK = 'kube-ipvs0';
const HEALTH = 'http://127.0.0.1:10256/healthz';

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function hasNftables(): boolean {
  try {
    run('nft', 'add table inet probe; delete table inet probe');
    return true;
  } catch {
    return false;
  }
}

const serviceOf = (name: string, clusterIP: string, spec = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { clusterIP, ports: [{ name: 'http', port: 80 }], ...spec },
});

const sliceOf = (service: string, ...addresses: string[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address], nodeName: 'node-a' })),
});

describe.skipIf(programs === undefined)('ipvs kubernetes', () => {
  const withNftables = hasNftables();
  let server: ApiServer;
  let folder: string;
  let agent: ChildProcess | undefined;
  let errors = '';

  beforeAll(async () => {
    run('ip', 'link', 'set', 'lo', 'up');
    folder = mkdtempSync(join(tmpdir(), 'ipvs-agent-'));
    if (!withNftables) {
      // User-mode Linux has no nftables for IPv4: its rules are not what these tests are about.
      const listing = "printf 'table inet kube-ipvs {\\n}\\n'";
      writeFileSync(join(folder, 'nft'), `#!/bin/sh\ncat >/dev/null\n${listing}\n`);
      chmodSync(join(folder, 'nft'), 0o755);
    }
    server = await ApiServer.start();
    await server.create(paths.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-a', labels: { 'topology.kubernetes.io/zone': 'zone-1' } },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.10' }] },
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    errors = '';
  });
  afterEach(async () => {
    await stop();
    run('ipvsadm', '-C');
    try {
      run('ip', 'link', 'delete', LINK);
    } catch {
      // There was none.
    }
    // A test may have failed while it was stopped.
    if (!server.isRunning) await server.restart();
    await server.call('DELETE', paths.services);
    await server.call('DELETE', paths.slices);
  });

  const command = (...args: string[]) => [
    join(root, 'dist/cli.cjs'),
    'kubernetes',
    ...['--kubeconfig', server.kubeconfig, '--hostname-override', 'node-a'],
    ...args,
  ];
  const env = () => ({ ...process.env, PATH: `${folder}:${process.env['PATH']}` });

  function start(options: readonly string[] = [], prefix: readonly string[] = []): void {
    const [program = '', ...args] = [...prefix, process.execPath, ...command(...options)];
    agent = spawn(program, args, {
      env: env(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const ended = agent;
    agent = undefined;
    if (ended === undefined) return null;
    if (ended.exitCode === null && ended.signalCode === null) {
      ended.kill(signal);
      // At 'exit', its last lines may not have been read.
      await once(ended, 'close');
    }
    return ended.exitCode;
  }

  const saved = (): string[] =>
    run('ipvsadm', '-Sn')
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  const untilSaved = (...lines: string[]) =>
    vi.waitFor(() => {
      if (agent !== undefined && agent.exitCode !== null) throw new Error(errors);
      expect(saved(), errors).toEqual(lines);
    }, PATIENCE);

  const WEB = ['-A -t 10.96.0.10:80 -s rr', '-a -t 10.96.0.10:80 -r 10.244.1.5:8080 -m -w 1'];

  function bound(): string[] {
    const [link] = JSON.parse(run('ip', '-json', 'address', 'show', 'dev', LINK)) as [
      { readonly operstate: string; readonly addr_info: readonly { readonly local: string }[] },
    ];
    expect(link.operstate).toBe('DOWN');
    return link.addr_info.map(({ local }) => local).sort();
  }

  test.skipIf(!withNftables)('writes its rules anew if another program deletes them', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    start(['--ipvs-sync-period', '100ms']);
    const hasRules = () =>
      expect(run('nft', 'list set inet kube-ipvs KUBE-CLUSTER-IP')).toContain('10.96.0.10');
    await vi.waitFor(hasRules, PATIENCE);
    run('nft', 'flush ruleset');
    await vi.waitFor(hasRules, PATIENCE);
    expect(errors).toContain('another program has changed the table');
  });

  test('serves what is there, and follows changes', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start();
    await untilSaved(...WEB);
    await vi.waitFor(() => expect(bound()).toEqual(['10.96.0.10']), PATIENCE);
    expect(readFileSync('/proc/sys/net/ipv4/vs/conntrack', 'latin1')).toBe('1\n');
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'latin1')).toBe('1\n');
    if (withNftables) {
      expect(run('nft', 'list set inet kube-ipvs KUBE-CLUSTER-IP')).toContain('10.96.0.10');
    }
    await vi.waitFor(async () => expect((await fetch(HEALTH)).status).toBe(200), PATIENCE);
    const metrics = await (await fetch('http://127.0.0.1:10249/metrics')).text();
    expect(metrics).toContain('tcp://10.96.0.10:80');

    await server.call('PUT', paths.slice('web-1'), sliceOf('web', '10.244.1.5', '10.244.1.6'));
    await untilSaved(...WEB, '-a -t 10.96.0.10:80 -r 10.244.1.6:8080 -m -w 1');
    await server.create(paths.services, serviceOf('api', '10.96.0.11'));
    await server.call('DELETE', paths.service('web'));
    await untilSaved('-A -t 10.96.0.11:80 -s rr');
    await vi.waitFor(() => expect(bound()).toEqual(['10.96.0.11']), PATIENCE);
    expect(await stop()).toBe(0);
    // The node goes on as it is.
    expect(saved()).toEqual(['-A -t 10.96.0.11:80 -s rr']);
  });

  test('needs no capability but CAP_NET_ADMIN', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start([], ['setpriv', '--bounding-set=-all,+net_admin', '--inh-caps=-all,+net_admin']);
    await untilSaved(...WEB);
    await vi.waitFor(() => expect(bound()).toEqual(['10.96.0.10']), PATIENCE);
    const status = readFileSync(`/proc/${agent?.pid}/status`, 'latin1');
    expect(/^CapEff:\s*(\w+)$/m.exec(status)?.[1]).toBe('0000000000001000');
  });

  test('changes nothing before it has all lists, and goes on after the server was away', async () => {
    run('ipvsadm', '-A', '-t', '10.96.0.99:80', '-s', 'rr');
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    await server.stop();
    start();
    await vi.waitFor(() => expect(errors).toMatch(/Services from https:.*: .*next try/), PATIENCE);
    expect(saved()).toEqual(['-A -t 10.96.0.99:80 -s rr']);
    expect((await fetch(HEALTH)).status).toBe(503);
    await server.restart();
    await untilSaved(...WEB);
    await server.stop();
    await sleep(500);
    expect(saved()).toEqual(WEB);
    await server.restart();
    await server.call('DELETE', paths.slice('web-1'));
    await untilSaved('-A -t 10.96.0.10:80 -s rr');
  });

  test('changes nothing when it is killed and started again', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start();
    await untilSaved(...WEB);
    await vi.waitFor(() => expect(bound()).toEqual(['10.96.0.10']), PATIENCE);
    await stop('SIGKILL');
    errors = '';
    start();
    await vi.waitFor(async () => expect((await fetch(HEALTH)).status).toBe(200), PATIENCE);
    expect(errors).not.toMatch(/changed|drifted|refused/);
    expect(saved()).toEqual(WEB);
  });

  test('answers health checks of load balancers with policy Local', async () => {
    const spec = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 31_000,
    };
    await server.create(paths.services, serviceOf('web', '10.96.0.10', spec));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start();
    const check = () => fetch('http://127.0.0.1:31000/');
    await vi.waitFor(async () => expect((await check()).status).toBe(200), PATIENCE);
    const service = { namespace: 'default', name: 'web' };
    const response = await check();
    expect(await response.json()).toEqual({
      service,
      localEndpoints: 1,
      serviceProxyHealthy: true,
    });
    expect(response.headers.get('x-load-balancing-endpoint-weight')).toBe('1');
    await server.call('DELETE', paths.slice('web-1'));
    await vi.waitFor(async () => expect((await check()).status).toBe(503), PATIENCE);
    await server.call('DELETE', paths.service('web'));
    await vi.waitFor(() => expect(check()).rejects.toThrow(), PATIENCE);
  });

  test('ends flows of UDP that no endpoint answers any more, and no others', async () => {
    run('conntrack', '-F');
    const flow = (server: string, client: string) => [
      ...['-p', 'udp', '--orig-src', client, '--orig-dst', '10.96.0.53', '--sport', '4000'],
      ...['--dport', '53', '--reply-src', server, '--reply-dst', client],
    ];
    for (const [server, client] of [
      ['10.244.1.5', '10.0.0.1'],
      ['10.244.1.6', '10.0.0.2'],
    ] as const) {
      const reply = ['--reply-port-src', '5353', '--reply-port-dst', '4000', '--timeout', '600'];
      run('conntrack', '-I', ...flow(server, client), ...reply);
    }
    const clients = () =>
      run('conntrack', '-L', '-p', 'udp')
        .split('\n')
        .flatMap((line) => /src=(\S+)/.exec(line)?.[1] ?? [])
        .sort();
    expect(clients()).toEqual(['10.0.0.1', '10.0.0.2']);
    const ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
    await server.create(paths.services, serviceOf('dns', '10.96.0.53', { ports }));
    const slice = (...addresses: string[]) => ({
      ...sliceOf('dns', ...addresses),
      ports: [{ name: 'dns', port: 5353, protocol: 'UDP' }],
    });
    await server.create(paths.slices, slice('10.244.1.5', '10.244.1.6'));
    start();
    await vi.waitFor(async () => expect((await fetch(HEALTH)).status).toBe(200), PATIENCE);
    expect(clients()).toEqual(['10.0.0.1', '10.0.0.2']);
    await server.call('PUT', paths.slice('dns-1'), slice('10.244.1.5'));
    await vi.waitFor(() => expect(clients()).toEqual(['10.0.0.1']), PATIENCE);
    await server.call('DELETE', paths.service('dns'));
    await vi.waitFor(() => expect(clients()).toEqual([]), PATIENCE);
  });

  test('skips an object that it cannot compile, and serves the others', async () => {
    await server.create(paths.services, serviceOf('bad', 'ten'));
    const multicast = serviceOf('loud', '10.96.0.11', { externalIPs: ['239.1.1.1'] });
    await server.create(paths.services, multicast);
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start();
    await untilSaved(...WEB);
    expect(errors).toContain("Services default/bad: setService: service.spec.clusterIP: 'ten'");
    expect(errors).toContain(
      "Services default/loud: setService: service.spec.externalIPs[0]: '239.1.1.1' is a multicast",
    );
  });

  test('serves the others when the kernel refuses two Services, and logs both', async () => {
    const annotations = { 'example.com/scheduler': 'nosuch' };
    for (const [name, clusterIP] of [
      ['bad', '10.96.0.66'],
      ['worse', '10.96.0.67'],
    ] as const) {
      const bad = serviceOf(name, clusterIP);
      await server.create(paths.services, { ...bad, metadata: { name, annotations } });
    }
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    start(['--scheduler-annotation', 'example.com/scheduler']);
    await untilSaved(...WEB);
    await vi.waitFor(async () => expect((await fetch(HEALTH)).status).toBe(200), PATIENCE);
    expect(bound()).toEqual(['10.96.0.10']);
    await stop();
    for (const address of ['10.96.0.66', '10.96.0.67']) {
      expect(errors).toMatch(new RegExp(`refused: .*${address}.*nosuch`));
    }
    expect(errors).toMatch(/ stopped\n$/);
  });

  test.each([
    ['rrr', "rrr: the kernel has no module ip_vs_rrr: did you mean 'rr'?"],
    [
      'nosuch',
      'nosuch: the kernel has no module ip_vs_nosuch; or choose another one with --ipvs-scheduler',
    ],
  ])('ends, and changes nothing, if the kernel has no scheduler %s', (scheduler, message) => {
    const parameter = '/proc/sys/net/ipv4/ip_forward';
    writeFileSync(parameter, '0');
    for (const more of [[], ['--dry-run']]) {
      const args = command('--ipvs-scheduler', scheduler, ...more);
      const ended = spawnSync(process.execPath, args, {
        env: env(),
        encoding: 'utf8',
        timeout: 60_000,
      });
      const stderr = `ipvs kubernetes: there is no scheduler ${message}\n`;
      expect(ended).toMatchObject({ status: 1, stdout: '', stderr });
    }
    expect(readFileSync(parameter, 'latin1')).toBe('0\n');
    expect(() => run('ip', 'link', 'show', LINK)).toThrow();
  });

  test('serves node ports at an address that the node gets', async () => {
    const ports = [{ name: 'http', port: 80, nodePort: 30_080 }];
    await server.create(
      paths.services,
      serviceOf('web', '10.96.0.10', { type: 'NodePort', ports }),
    );
    start(['--ipvs-sync-period', '1s']);
    const extra = '-A -t 192.0.2.77:30080 -s rr';
    await vi.waitFor(() => expect(saved()).toContain('-A -t 10.96.0.10:80 -s rr'), PATIENCE);
    expect(saved()).not.toContain(extra);
    run('ip', 'link', 'add', 'extra0', 'type', 'dummy');
    try {
      run('ip', 'address', 'add', '192.0.2.77/32', 'dev', 'extra0');
      await vi.waitFor(() => expect(saved()).toContain(extra), PATIENCE);
      run('ip', 'link', 'delete', 'extra0');
      await vi.waitFor(() => expect(saved()).not.toContain(extra), PATIENCE);
    } finally {
      spawnSync('ip', ['link', 'delete', 'extra0']);
    }
  });

  test('a dry run prints what would change, and changes nothing', async () => {
    run('ipvsadm', '-A', '-t', '10.96.0.99:80', '-s', 'rr');
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    await server.create(paths.slices, sliceOf('web', '10.244.1.5'));
    const printed = execFileSync(process.execPath, command('--dry-run'), {
      env: env(),
      encoding: 'utf8',
    });
    expect(printed).toContain('+ tcp://10.96.0.10:80');
    expect(printed).toContain('- tcp://10.96.0.99:80');
    expect(printed).toContain('+ address 10.96.0.10/32');
    expect(saved()).toEqual(['-A -t 10.96.0.99:80 -s rr']);
    expect(() => run('ip', 'link', 'show', LINK)).toThrow();
  });

  test('a dry run prints nothing if a sync would change nothing, and addresses that would go', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    start();
    await untilSaved('-A -t 10.96.0.10:80 -s rr');
    await vi.waitFor(async () => expect((await fetch(HEALTH)).status).toBe(200), PATIENCE);
    await stop();
    const dryRun = () =>
      execFileSync(process.execPath, command('--dry-run'), { env: env(), encoding: 'utf8' });
    expect(dryRun()).toBe('');
    run('ip', 'address', 'add', '10.96.0.77/32', 'dev', LINK);
    expect(dryRun()).toBe('- address 10.96.0.77/32\n');
  });

  test('a dry run that fails ends', async () => {
    run('ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'other');
    const failed = (...args: string[]) =>
      spawnSync(process.execPath, command('--dry-run', ...args), { env: env(), encoding: 'utf8' });
    expect(failed()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `ipvs kubernetes: ${LINK} is not a dummy link\n`,
    });
  });

  test('cleans up', async () => {
    await server.create(paths.services, serviceOf('web', '10.96.0.10'));
    start();
    await untilSaved('-A -t 10.96.0.10:80 -s rr');
    await stop();
    expect(cleanUp().stdout).toBe(`deleted 1 service, ${LINK}, the table of nftables\n`);
    expect(saved()).toEqual([]);
    expect(() => run('ip', 'link', 'show', LINK)).toThrow();
    expect(cleanUp().stdout).toBe('deleted 0 services, the table of nftables\n');
  });

  const cleanUp = (variables = {}) =>
    spawnSync(process.execPath, command('--cleanup'), {
      env: { ...env(), ...variables },
      encoding: 'utf8',
    });

  test('a cleanup that cannot delete everything deletes nothing', () => {
    run('ipvsadm', '-A', '-t', '10.96.0.10:80', '-s', 'rr');
    const before = saved();

    run('ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'other');
    expect(cleanUp()).toMatchObject({
      status: 1,
      stderr: `ipvs kubernetes: ${LINK} is not a dummy link: nothing was deleted\n`,
    });
    expect(saved()).toEqual(before);

    run('ip', 'link', 'delete', LINK);
    expect(cleanUp({ PATH: '/nowhere' })).toMatchObject({
      status: 1,
      stderr: 'ipvs kubernetes: nftables: cannot run nft: spawn nft ENOENT\n',
    });
    expect(saved()).toEqual(before);
  });
});
