// The errors and checks of processes that cannot use /proc, its parameters or netlink sockets.
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Check } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Namespace, run } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { PYTHON, programPath } from './helpers/programs.js';

interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly target?: string;
}
type Found = Readonly<Record<string, Outcome>>;

let namespace: Namespace;
beforeAll(() => {
  namespace = new Namespace();
});
afterAll(() => namespace.delete());

/** Runs the program in the namespace, in mounts of its own that a script changes before. */
function look(script: string): Found {
  const command = [process.execPath, programPath('visible.mjs')];
  const mounts = ['--mount', 'sh', '-c', `${script} && exec "$@"`, 'sh'];
  return JSON.parse(namespace.run('unshare', [...mounts, ...command]));
}

const checksOf = (found: Found) => found['diagnose']?.value as readonly Check[];
const parameters = ['conntrack', 'conn_reuse_mode', 'expire_nodest_conn', 'estimation'];
const done = { value: expect.anything() };
/** The result of an operation that resolves to undefined. */
const nothing = {};

/** Nothing that was found says that IPVS, or what it has, is missing. */
function expectNoDoubt(found: Found): void {
  const checks = checksOf(found);
  expect(checks[0]).toMatchObject({ name: 'ip_vs', status: 'ok' });
  for (const { detail } of checks) expect(detail).not.toMatch(/IPVS is not loaded/);
  for (const { message = '' } of Object.values(found)) {
    expect(message).not.toMatch(/no IPVS|no such parameter|is not loaded/);
  }
}

test('everything can be read and written with all privileges', () => {
  const found = look('true');
  for (const [name, outcome] of Object.entries(found)) {
    expect(outcome, name).not.toHaveProperty('code');
  }
});

describe('a /proc that shows only processes', () => {
  test('hides the parameters but not the tables', () => {
    const found = look('mount -t proc -o subset=pid proc /proc');
    expectNoDoubt(found);
    const hidden = {
      code: 'ENOENT',
      target: '/proc/sys/net/ipv4/vs',
      message: expect.stringMatching(/the parameters of IPVS are not visible here: .*subset=pid/),
    };
    for (const name of ['get', 'getSync', 'set', 'setSync']) expect(found[name]).toEqual(hidden);
    expect(found).toMatchObject({
      getInfo: { value: { version: '1.2.1', estimation: null } },
      getStats: done,
      getStatsSync: done,
      getStatus: nothing,
      connections: nothing,
      countConnections: { value: [{ count: 0 }] },
    });
    for (const { name, status, detail } of checksOf(found)) {
      if (![...parameters, 'ip_forward', 'conntrack size'].includes(name)) continue;
      expect(status).toBe('unknown');
      expect(detail, name).toMatch(/not visible here: .*subset=pid/);
    }
  });
});

test('parameters that are mounted over are reported as hidden', () => {
  const found = look('mount -t tmpfs nothing /proc/sys/net/ipv4/vs');
  expectNoDoubt(found);
  const hidden = {
    code: 'ENOENT',
    target: '/proc/sys/net/ipv4/vs',
    message: expect.stringMatching(
      /not visible here: something is mounted over them, or the network/,
    ),
  };
  for (const name of ['get', 'getSync', 'set', 'setSync']) expect(found[name]).toEqual(hidden);
});

test('a missing proc file system is reported as such', () => {
  const found = look('mount -t tmpfs nothing /proc');
  expectNoDoubt(found);
  const hidden = {
    code: 'ENOENT',
    message: expect.stringMatching(/not visible here: no proc file system is mounted/),
  };
  const names = ['get', 'getSync', 'set', 'setSync', 'getStats', 'getStatsSync', 'getStatus'];
  for (const name of [...names, 'connections', 'origins', 'countConnections']) {
    expect(found[name], name).toMatchObject(hidden);
  }
  expect(found['connections']?.target).toBe('/proc/thread-self/net/ip_vs_conn');
  expect(found['origins']?.target).toBe('/proc/thread-self/net/ip_vs_conn_sync');
});

test('a network namespace of another user namespace hides parameters on older kernels', async () => {
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', 'sleep', '60']);
  const pid = child.pid ?? expect.unreachable();
  try {
    const own = readlinkSync('/proc/self/ns/net');
    await until(
      () => readlinkSync(`/proc/${pid}/ns/net`),
      (found) => found !== own,
    );
    const path = `/proc/${pid}/ns/net`;
    const found: Found = JSON.parse(run(process.execPath, [programPath('visible.mjs'), path]));
    expectNoDoubt(found);
    if (found['get']?.code === undefined) {
      // Newer kernels show them, some of them to be read only.
      expect(found).toMatchObject({ set: nothing, setAll: nothing });
      expect(found['setAll']).toEqual({});
      return;
    }
    expect(found['get']).toMatchObject({
      code: 'ENOENT',
      message: expect.stringMatching(/not visible here: .*belongs to another user namespace/),
    });
    expect(found['set']).toEqual({
      ...found['get'],
      message: expect.stringMatching(/sysctls.set/),
    });
    for (const name of parameters) {
      const check = checksOf(found).find((each) => each.name === name);
      expect(check).toMatchObject({
        status: 'unknown',
        detail: expect.stringMatching(/belongs to another user namespace/),
      });
    }
    expect(found['getStats']).toMatchObject(done);
  } finally {
    child.kill();
  }
});

test('a read-only /proc/sys accepts the current values and has no remedy', () => {
  namespace.run('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward']);
  namespace.run('sh', ['-c', 'echo 10 > /proc/sys/net/ipv4/vs/am_droprate']);
  const found = look('mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys');
  expect(found['setAll']).toEqual({});
  for (const name of ['set', 'setSync']) expect(found[name]).toMatchObject({ code: 'EROFS' });
  expect(checksOf(found).find(({ name }) => name === 'ip_forward')).toMatchObject({
    status: 'warning',
    detail: expect.stringMatching(/read-only here/),
    remedy: null,
  });
});

describe('a seccomp filter on netlink sockets', () => {
  const filtered = (errno: string): Found =>
    JSON.parse(
      run(PYTHON, [
        programPath('filtered.py'),
        errno,
        process.execPath,
        programPath('visible.mjs'),
      ]),
    );

  test.each(['EPERM', 'EACCES', 'EAFNOSUPPORT'])('is named if its error is %s', (code) => {
    const found = filtered(code);
    const refused = {
      code,
      message: expect.stringMatching(/netlink sockets are not allowed here: a seccomp filter/),
    };
    expect(found).toMatchObject({ open: refused, links: refused });
    const checks = checksOf(found);
    expect(checks.slice(0, 3)).toMatchObject([
      { name: 'netlink', status: 'missing', remedy: null },
      { name: 'ip_vs', status: 'unknown' },
      { name: 'capability', status: 'unknown' },
    ]);
    for (const { detail } of checks) expect(detail).not.toMatch(/ipv6.disable|CAP_NET_ADMIN/);
  });
});
