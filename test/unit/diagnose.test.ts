import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import {
  checkDiagnoseOptions,
  checkHostOptions,
  diagnoseThrough,
  diagnoseWithout,
} from '../../lib/host/diagnose.js';
import type { Check, ReadFiles } from '../../lib/host/diagnose-check.js';
import { type NamespaceTarget, OWN_NAMESPACE } from '../../lib/native/netns.js';
import { host, usualHost } from './host-modules.js';
import { expectInputError, type Kind } from './requests.js';

vi.mock('../../lib/native/kernel-modules.js', { spy: true });
const access = vi.spyOn(fs, 'accessSync');
beforeEach(() => {
  usualHost();
  access.mockImplementation(() => undefined);
});

const [ENOENT, EACCES] = [2, 13];
const VS = '/proc/sys/net/ipv4/vs';
const NETFILTER = '/proc/sys/net/netfilter';
/** What every kernel with IPVS has, wherever it can be seen. */
const VISIBLE = {
  '/proc/thread-self/net/dev': 'Inter-|',
  '/proc/thread-self/net/ip_vs_stats': 'Total',
  '/proc/sys/kernel/ostype': 'Linux\n',
  [`${VS}/drop_entry`]: '0\n',
};
/** A host whose files hold what `files` says, or have that errno. */
const holding =
  (files: Readonly<Record<string, string | number>>): ReadFiles =>
  async (paths) =>
    paths.map((path) => files[path] ?? ENOENT);
const all = async () => true;
const named = (checks: readonly Check[], name: string) =>
  checks.find((check) => check.name === name) ?? expect.unreachable(`${name} is not looked at`);

/** Looks at the parameters of a host. */
const look = (
  files: Readonly<Record<string, string | number>>,
  netns: NamespaceTarget = OWN_NAMESPACE,
) => diagnoseThrough('1.2.1', holding({ ...VISIBLE, ...files }), all, netns, []);

/** Every check says something, and has a remedy only where something is to be fixed. */
function expectUseful(checks: readonly Check[]): void {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  for (const { name, status, detail, remedy } of checks) {
    expect(['ok', 'warning', 'missing', 'unknown'], name).toContain(status);
    expect(detail, name).toMatch(/^(?!.*(undefined|NaN|\[object)).{5,}$/);
    if (status === 'ok' || status === 'unknown') expect(remedy, name).toBeNull();
    expect(remedy ?? 'none', name).toMatch(/\S/);
  }
}

describe('a parameter', () => {
  test.each([
    ['ip_forward', 'net.ipv4.ip_forward'],
    ['ipv6 forwarding', 'net.ipv6.conf.all.forwarding'],
    ['conntrack', 'net.ipv4.vs.conntrack'],
    ['expire_nodest_conn', 'net.ipv4.vs.expire_nodest_conn'],
    ['estimation', 'net.ipv4.vs.run_estimation'],
    ['bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-iptables'],
  ])('%s should be 1', async (name, parameter) => {
    const path = `/proc/sys/${parameter.replaceAll('.', '/')}`;
    const one = async (files: Record<string, string | number>) => {
      const checks = await look(files);
      expectUseful(checks);
      return named(checks, name);
    };
    expect(await one({ [path]: '1\n' })).toMatchObject({ status: 'ok' });
    expect(await one({ [path]: '0\n' })).toMatchObject({
      status: 'warning',
      remedy: `sysctl -w ${parameter}=1`,
    });
    expect(await one({})).toMatchObject({ status: 'unknown' });
    expect(await one({ [path]: EACCES })).toMatchObject({
      status: 'unknown',
      detail: `${path} cannot be read (EACCES)`,
    });
    for (const text of ['', 'yes\n', '1 2\n']) {
      expect(await one({ [path]: text })).toMatchObject({
        status: 'unknown',
        detail: `${path}: this is not what a kernel shows`,
      });
    }
  });

  test.each([
    ['1', undefined, 'ok', null],
    ['1', '0-3', 'ok', null],
    ['0', '0-3', 'warning', 'sysctl -w net.ipv4.vs.run_estimation=1'],
    ['1', '\n', 'warning', 'sysctl -w net.ipv4.vs.est_cpulist=all'],
    ['0', '\n', 'warning', 'sysctl -w net.ipv4.vs.run_estimation=1 net.ipv4.vs.est_cpulist=all'],
  ])('run_estimation %j and est_cpulist %j: %s', async (running, processors, status, remedy) => {
    const files = {
      [`${VS}/run_estimation`]: running,
      [`${VS}/est_cpulist`]: processors ?? ENOENT,
    };
    expect(named(await look(files), 'estimation')).toMatchObject({ status, remedy });
  });

  test.each([
    ['100', '1000', 'ok', '100 of 1000 tracked connections', null],
    ['799', '1000', 'ok', '799 of 1000 tracked connections', null],
    [
      '800',
      '1000',
      'warning',
      '800 of 1000 tracked connections',
      'sysctl -w net.netfilter.nf_conntrack_max=2000',
    ],
    ['800', '0', 'ok', '800 tracked connections, without a limit', null],
    ['0', '0', 'ok', '0 tracked connections, without a limit', null],
  ])('%s of at most %s tracked connections: %s', async (count, max, status, detail, remedy) => {
    const files = {
      [`${NETFILTER}/nf_conntrack_count`]: count,
      [`${NETFILTER}/nf_conntrack_max`]: max,
    };
    expect(named(await look(files), 'conntrack size')).toMatchObject({ status, detail, remedy });
  });

  test.each([
    ['no proc file system', {}, /no proc file system is mounted/],
    ['no /proc/sys', { '/proc/thread-self/net/dev': 'x' }, /subset=pid/],
  ])('is not visible with %s, and that is said of each', async (_, files, why) => {
    const checks = await diagnoseThrough('1.2.1', holding(files), all, OWN_NAMESPACE, []);
    expectUseful(checks);
    for (const { name, status, detail } of checks.slice(3)) {
      expect(status, name).toBe('unknown');
      expect(detail, name).toMatch(/^the parameter is not visible here/);
      expect(detail, name).toMatch(why);
      expect(detail, name).not.toMatch(/not loaded/);
    }
  });

  test('is not visible where the kernel hides those of IPVS, and others are', async () => {
    const checks = await look({
      [`${VS}/drop_entry`]: ENOENT,
      '/proc/sys/net/ipv4/ip_forward': '1',
    });
    for (const name of ['conntrack', 'conn_reuse_mode', 'expire_nodest_conn', 'estimation']) {
      expect(named(checks, name).detail).toMatch(/not visible here: .*another user namespace/);
    }
    expect(named(checks, 'ip_forward').status).toBe('ok');
  });

  test('is said to be missing where others are there', async () => {
    expect(named(await look({}), 'conntrack').detail).toMatch(/CONFIG_IP_VS_NFCT/);
  });
});

describe('a remedy', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const remedy = async (netns: NamespaceTarget) =>
    named(await look({ '/proc/sys/net/ipv4/ip_forward': '0' }, netns), 'ip_forward').remedy;
  const at = (path: string) => ({ target: path, label: path });

  test('acts in the namespace that was looked at', async () => {
    const path = join(folder, 'blue');
    writeFileSync(path, '');
    expect(await remedy(at(path))).toBe(`nsenter --net=${path} sysctl -w net.ipv4.ip_forward=1`);
  });

  test.each([
    ['a b', "'%/a b'"],
    ["it's", "'%/it'\\''s'"],
    ['$(id)', "'%/$(id)'"],
    ['a;b', "'%/a;b'"],
    ['a\nb', "'%/a\nb'"],
    ['ü', "'%/ü'"],
    ['a@b+c=d,e:f', '%/a@b+c=d,e:f'],
  ])('quotes %j for a shell', async (name, word) => {
    const path = join(folder, name);
    writeFileSync(path, '');
    expect(await remedy(at(path))).toContain(` --net=${word.replace('%', folder)} `.trimStart());
  });

  test('names a process of its own instead of /proc/self', async () => {
    expect(await remedy(at('/proc/self/ns/net'))).toContain(`--net=/proc/${process.pid}/ns/net `);
  });

  test.each<[string, NamespaceTarget]>([
    ['a descriptor', { target: 17, label: 'descriptor 17' }],
    ['a name that has gone', at('/run/netns/no-such-one')],
  ])('is none for %s, and the fault is told all the same', async (_, netns) => {
    const check = named(await look({ '/proc/sys/net/ipv4/ip_forward': '0' }, netns), 'ip_forward');
    expect(check).toMatchObject({ status: 'warning', remedy: null });
  });

  test('is none where /proc/sys is read-only, and that is said', async () => {
    access.mockImplementation(() => {
      throw Object.assign(new Error('read-only'), { code: 'EROFS' });
    });
    const check = named(await look({ '/proc/sys/net/ipv4/ip_forward': '0' }), 'ip_forward');
    expect(check).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/read-only here: set it where the container is started$/),
      remedy: null,
    });
  });

  test('is for root, whoever asks', async () => {
    access.mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EACCES' });
    });
    expect(await remedy(OWN_NAMESPACE)).toBe('sysctl -w net.ipv4.ip_forward=1');
  });

  test('of what all namespaces share is none for one of them', async () => {
    const path = join(folder, 'blue');
    writeFileSync(path, '');
    const files = {
      [`${NETFILTER}/nf_conntrack_count`]: '9',
      [`${NETFILTER}/nf_conntrack_max`]: '10',
    };
    expect(named(await look(files, at(path)), 'conntrack size')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('initial network namespace'),
      remedy: null,
    });
  });
});

describe('schedulers', () => {
  test('those that are absent are asked for once', async () => {
    const asked: string[] = [];
    const probe = async (name: string) => {
      asked.push(name);
      if (name === 'lc') throw new Error('no answer');
      return name !== 'mh';
    };
    const diagnosed = () => diagnoseThrough('1.2.1', holding(VISIBLE), probe, OWN_NAMESPACE);
    const checks = await diagnosed();
    expectUseful(checks);
    expect(named(checks, 'scheduler rr')).toMatchObject({ status: 'ok' });
    expect(named(checks, 'scheduler lc')).toMatchObject({ status: 'unknown', detail: 'no answer' });
    const missing = {
      status: 'missing',
      detail: 'the kernel has no module ip_vs_mh',
      remedy: null,
    };
    expect(named(checks, 'scheduler mh')).toMatchObject(missing);
    expect(asked).toContain('mh');

    asked.length = 0;
    expect(named(await diagnosed(), 'scheduler mh')).toMatchObject(missing);
    expect(asked).not.toContain('mh');
    expect(asked).toContain('lc');
  });

  test('only those that are named are looked at', async () => {
    const asked: string[] = [];
    const probe = async (name: string) => asked.push(name) > 0;
    const checks = await diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['wrr', 'my']);
    const names = checks.map(({ name }) => name).filter((name) => name.startsWith('scheduler'));
    expect(names).toEqual(['scheduler wrr', 'scheduler my']);
    expect(asked).toEqual(['wrr', 'my']);
  });

  test('one that the kernel does not load on demand can be loaded by hand, and is asked for again', async () => {
    host({ onDisk: true, loader: '' });
    const probe = vi.fn(async () => false);
    const diagnosed = () =>
      diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['by-hand']);
    for (const times of [1, 2]) {
      expect(named(await diagnosed(), 'scheduler by-hand')).toMatchObject({
        status: 'missing',
        detail: expect.stringMatching(/is not loaded, and .*kernel.modprobe is empty/),
        remedy: 'modprobe ip_vs_by-hand',
      });
      expect(probe).toHaveBeenCalledTimes(times);
    }
  });

  test('one that is loaded is there, though it cannot be tried', async () => {
    host({ loaded: ['ip_vs_rr'] });
    const probe = async () => Promise.reject(new Error('no IPv6'));
    const checks = await diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['rr', 'sh']);
    expect(named(checks, 'scheduler rr')).toMatchObject({ status: 'ok' });
    expect(named(checks, 'scheduler sh')).toMatchObject({ status: 'unknown', detail: 'no IPv6' });
  });

  type Row = readonly [unknown, Kind, string, string, string];
  const NAME = 'a name of 1 to 15 letters, digits, dots, dashes and underscores';
  const LIST = "an array of schedulers such as ['wrr']";
  test.each<Row>([
    [{ schedulers: 'wrr' }, 'type', 'options.schedulers', "'wrr'", LIST],
    [{ schedulers: null }, 'type', 'options.schedulers', 'null', LIST],
    [{ schedulers: [5] }, 'type', 'options.schedulers[0]', '5', NAME],
    [{ schedulers: ['rr', ''] }, 'value', 'options.schedulers[1]', "''", `is not ${NAME}`],
    [{ schedulers: ['a b'] }, 'value', 'options.schedulers[0]', "'a b'", `is not ${NAME}`],
    [[], 'type', 'options', '[]', 'an object'],
    [null, 'type', 'options', 'null', 'an object'],
  ])('%j is refused', (options, kind, property, value, rule) => {
    for (const check of [checkDiagnoseOptions, checkHostOptions]) {
      try {
        check(options);
        expect.unreachable('it is refused');
      } catch (error) {
        expectInputError(error, { kind, property, value, rule });
      }
    }
  });

  test('each is looked at once; none and nothing are different', () => {
    expect(checkDiagnoseOptions({ schedulers: ['wrr', 'rr', 'wrr'] })).toEqual(['wrr', 'rr']);
    expect(checkDiagnoseOptions({ schedulers: [] })).toEqual([]);
    for (const options of [undefined, {}, { schedulers: undefined }]) {
      expect(checkDiagnoseOptions(options)).toBeUndefined();
    }
    expect(() => checkDiagnoseOptions({ netns: '/x' })).toThrow(/not a known property/);
    expect(checkHostOptions({ netns: { fd: 3 }, schedulers: ['wrr'] })).toEqual({
      netns: { target: 3, label: 'descriptor 3' },
      schedulers: ['wrr'],
    });
  });
});

describe('dummy links', () => {
  const dummy = async () =>
    named(await diagnoseThrough('1', holding({}), all, OWN_NAMESPACE, []), 'dummy');
  test.each([
    [{ loaded: ['dummy'] }, 'ok', /loaded/, null],
    [{ onDisk: true }, 'ok', /on demand/, null],
    [{ onDisk: undefined }, 'unknown', /not visible here/, null],
    [{ onDisk: false }, 'missing', /no dummy links/, null],
    [{ onDisk: true, loader: '' }, 'missing', /modprobe is empty/, 'modprobe dummy numdummies=0'],
    [{ onDisk: true, forbidden: true }, 'missing', /modules_disabled/, null],
    [{ onDisk: undefined, loader: '' }, 'missing', /modprobe is empty.*on the host/, null],
  ])('%j: %s', async (facts, status, detail, remedy) => {
    host(facts);
    expect(await dummy()).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      remedy,
    });
  });
});

describe('where no handle can be opened', () => {
  const failed = (code: IpvsError['code'], syscall = '') =>
    new IpvsError('open: why it is so', { code, syscall, operation: 'open' });
  const without = (error: unknown, netns = OWN_NAMESPACE, schedulers?: string[]) =>
    diagnoseWithout(error, netns, schedulers);

  test.each([
    ['there is no IPVS', failed('ERR_IPVS_UNAVAILABLE'), 'ip_vs', 'missing'],
    ['a right is missing', failed('EPERM', 'IPVS_CMD_GET_INFO'), 'capability', 'missing'],
    ['a filter forbids sockets', failed('EPERM', 'socket'), 'netlink', 'missing'],
    ['a filter forbids the family', failed('EAFNOSUPPORT', 'socket'), 'netlink', 'missing'],
    ['there are too many open files', failed('EMFILE', 'socket'), 'ip_vs', 'unknown'],
    ['the addon cannot be loaded', failed('ERR_IPVS_NO_ADDON'), 'addon', 'missing'],
    ['this is another platform', failed('ERR_IPVS_UNSUPPORTED_PLATFORM'), 'platform', 'missing'],
    ['of something else', new Error('why it is so'), 'ip_vs', 'unknown'],
    ['of what is no error', 'why it is so', 'ip_vs', 'unknown'],
  ])('because %s', async (_, error, name, status) => {
    const checks = await without(error);
    expectUseful(checks);
    expect(named(checks, name)).toMatchObject({
      status,
      detail: expect.stringMatching(name === 'capability' ? /^CAP_NET_ADMIN/ : /^why it is so/),
      remedy: null,
    });
    // Only a missing right proves that the kernel has IPVS.
    const known = checks.find((check) => check.name === 'ip_vs' && check.status === 'ok');
    expect(known !== undefined).toBe(name === 'capability');
  });

  test('the module of IPVS is loaded by hand where that helps', async () => {
    host({ onDisk: true, loader: '' });
    const checks = await without(failed('ERR_IPVS_UNAVAILABLE'));
    expect(named(checks, 'ip_vs').remedy).toBe('modprobe ip_vs');
  });

  test('a right that is missing is named with who has it', async () => {
    const { detail } = named(await without(failed('EPERM')), 'capability');
    expect(detail).toMatch(/^CAP_NET_ADMIN in the initial.*--cap-add NET_ADMIN.*rootless/);
    expect(detail.match(/root/g)).toHaveLength(2);
    expect(detail.match(/CAP_NET_ADMIN/g)).toHaveLength(1);
  });

  test('schedulers that are named are unknown', async () => {
    const checks = await without(failed('EPERM'), OWN_NAMESPACE, ['wrr']);
    expect(named(checks, 'scheduler wrr').status).toBe('unknown');
  });

  test.each(['open', 'setns', 'fcntl'])(
    'a namespace that cannot be entered (%s) is looked at no further',
    async (syscall) => {
      const error = new IpvsError('open /nowhere: why it is so', { code: 'EPERM', syscall });
      const checks = await without(error, { target: '/nowhere', label: '/nowhere' });
      expect(checks.map(({ name }) => name)).toEqual(['netns', 'ip_vs', 'capability', 'dummy']);
      expect(named(checks, 'ip_vs').status).toBe('unknown');
    },
  );
});

test('a host that shows and refuses anything at all is diagnosed', async () => {
  const content = fc.oneof(
    fc.string(),
    fc.integer({ min: -1, max: 200 }),
    fc.constantFrom('0\n', '1\n', '', 'x', '99999999999999999999', ENOENT, EACCES),
  );
  const facts = fc.record(
    {
      loaded: fc.subarray(['ip_vs', 'ip_vs_rr', 'dummy']),
      onDisk: fc.boolean(),
      loader: fc.constantFrom('', '/sbin/modprobe'),
      forbidden: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const rejects = fc.constantFrom('no', 'readFiles', 'probe', 'both');
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(content), facts, rejects, async (contents, given, which) => {
      host(given);
      const refuse = async () => Promise.reject(new Error('it does not work'));
      const readFiles: ReadFiles = async (paths) => {
        if (which === 'readFiles' || which === 'both') return refuse();
        return paths.map(() => contents.next().value ?? ENOENT);
      };
      const probe = async (name: string) =>
        which === 'probe' || which === 'both' ? refuse() : name.length % 2 === 0;
      const checks = await diagnoseThrough('1.2.1', readFiles, probe, OWN_NAMESPACE);
      expect(checks.length).toBeGreaterThan(20);
      expectUseful(checks);
    }),
  );
});
