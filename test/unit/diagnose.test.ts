import { describe, expect, test } from 'vitest';
import {
  type Check,
  diagnoseThrough,
  diagnoseWithout,
  type ReadFiles,
} from '../../lib/diagnose.js';
import { IpvsError } from '../../lib/errors.js';

const ENOENT = 2;
/** A host whose files hold what `files` says. */
const host =
  (files: Readonly<Record<string, string>>): ReadFiles =>
  async (paths) =>
    paths.map((path) => files[path] ?? ENOENT);
const all = async () => true;
const named = (checks: readonly Check[], name: string) =>
  checks.find((check) => check.name === name) ?? expect.unreachable(`${name} is not looked at`);

/** Every check says something, and has a remedy where something is to be mended. */
function expectUseful(checks: readonly Check[]): void {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  for (const { name, status, detail, remedy } of checks) {
    expect(['ok', 'warning', 'missing', 'unknown'], name).toContain(status);
    expect(detail, name).toMatch(/^(?!.*(undefined|NaN|\[object)).{5,}$/);
    if (status === 'ok' || status === 'unknown') expect(remedy, name).toBeNull();
    else expect(remedy, name).toMatch(/\S/);
  }
}

describe('through a handle', () => {
  test.each([
    ['ip_forward', '/proc/sys/net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
    ['conntrack', '/proc/sys/net/ipv4/vs/conntrack', 'net.ipv4.vs.conntrack'],
    [
      'expire_nodest_conn',
      '/proc/sys/net/ipv4/vs/expire_nodest_conn',
      'net.ipv4.vs.expire_nodest_conn',
    ],
    [
      'bridge-nf-call-iptables',
      '/proc/sys/net/bridge/bridge-nf-call-iptables',
      'net.bridge.bridge-nf-call-iptables',
    ],
  ])('%s', async (name, path, parameter) => {
    const look = async (files: Record<string, string>) => {
      const checks = await diagnoseThrough('1.2.1', host(files), all, '');
      expectUseful(checks);
      return named(checks, name);
    };
    expect(await look({ [path]: '1\n' })).toMatchObject({ status: 'ok' });
    expect(await look({ [path]: '0\n' })).toMatchObject({
      status: 'warning',
      remedy: `sysctl -w ${parameter}=1`,
    });
    expect(await look({})).toMatchObject({ status: 'unknown' });
  });

  test.each([
    ['100', '1000', 'ok', null],
    ['799', '1000', 'ok', null],
    ['800', '1000', 'warning', 'sysctl -w net.netfilter.nf_conntrack_max=2000'],
  ])('%s of %s tracked connections: %s', async (count, max, status, remedy) => {
    const folder = '/proc/sys/net/netfilter';
    const files = { [`${folder}/nf_conntrack_count`]: count, [`${folder}/nf_conntrack_max`]: max };
    const checks = await diagnoseThrough('1.2.1', host(files), all, '');
    expect(named(checks, 'conntrack size')).toMatchObject({
      status,
      remedy,
      detail: `${count} of ${max} tracked connections`,
    });
  });

  test('a remedy acts in the namespace that was looked at', async () => {
    const files = { '/proc/sys/net/ipv4/ip_forward': '0' };
    const checks = await diagnoseThrough('1.2.1', host(files), all, '/run/netns/blue');
    expect(named(checks, 'ip_forward').remedy).toBe(
      'nsenter --net=/run/netns/blue sysctl -w net.ipv4.ip_forward=1',
    );
  });

  test('schedulers: those that are absent are asked for once', async () => {
    const asked: string[] = [];
    const probe = async (name: string) => {
      asked.push(name);
      if (name === 'lc') throw new Error('no answer');
      return name !== 'mh';
    };
    const checks = await diagnoseThrough('1.2.1', host({}), probe, '');
    expectUseful(checks);
    expect(named(checks, 'scheduler rr')).toMatchObject({ status: 'ok' });
    expect(named(checks, 'scheduler lc')).toMatchObject({ status: 'unknown', detail: 'no answer' });
    const missing = { status: 'missing', remedy: expect.stringContaining('modprobe ip_vs_mh') };
    expect(named(checks, 'scheduler mh')).toMatchObject(missing);
    expect(asked).toContain('mh');

    asked.length = 0;
    expect(
      named(await diagnoseThrough('1.2.1', host({}), probe, ''), 'scheduler mh'),
    ).toMatchObject(missing);
    expect(asked).not.toContain('mh');
    expect(asked).toContain('lc');
  });
});

describe('where no handle can be opened', () => {
  const failed = (code: string) => new IpvsError('open: why it is so', { code, operation: 'open' });

  test.each([
    ['ERR_IPVS_UNAVAILABLE', 'ip_vs', 'missing', /modprobe ip_vs/],
    ['EPERM', 'capability', 'missing', /NET_ADMIN/],
  ])('%s', async (code, name, status, remedy) => {
    const checks = await diagnoseWithout(failed(code), '');
    expectUseful(checks);
    expect(named(checks, name)).toMatchObject({
      status,
      detail: 'open: why it is so',
      remedy: expect.stringMatching(remedy),
    });
  });

  test.each(['open', 'setns'])(
    'a namespace that cannot be entered (%s) is looked at no further',
    async (syscall) => {
      const error = new IpvsError('open /nowhere: why it is so', { code: 'EPERM', syscall });
      const checks = await diagnoseWithout(error, '/nowhere');
      expect(checks.map(({ name }) => name)).toEqual(['netns', 'ip_vs', 'capability', 'dummy']);
      expect(named(checks, 'ip_vs').status).toBe('unknown');
    },
  );

  test.each([
    ['another error', failed('EMFILE'), 'ip_vs', 'unknown'],
    ['another platform', failed('ERR_IPVS_UNSUPPORTED_PLATFORM'), 'platform', 'missing'],
  ])('%s', async (_, error, name, status) => {
    const checks = await diagnoseWithout(error, '');
    expect(named(checks, name)).toMatchObject({ status, detail: 'open: why it is so' });
  });
});
