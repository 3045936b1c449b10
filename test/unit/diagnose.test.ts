import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import type { Check, ReadFiles } from '../../lib/host/diagnose/check.js';
import { diagnoseThrough, diagnoseWithout } from '../../lib/host/diagnose/diagnose.js';
import { checkDiagnoseOptions, checkHostOptions } from '../../lib/host/diagnose/options.js';
import { type NamespaceTarget, OWN_NAMESPACE } from '../../lib/native/netns.js';
import { host, usualHost } from './helpers/host-modules.js';
import { expectInputError } from './helpers/requests.js';

vi.mock('../../lib/native/kernel-modules.js', { spy: true });
const access = vi.spyOn(fs, 'accessSync');
beforeEach(() => {
  usualHost();
  access.mockImplementation(() => undefined);
});

const [ENOENT, EACCES] = [2, 13];
const VS = '/proc/sys/net/ipv4/vs';
const NETFILTER = '/proc/sys/net/netfilter';
/** The files that every kernel with IPVS has, wherever /proc shows them. */
const VISIBLE = {
  '/proc/thread-self/net/dev': 'Inter-|',
  '/proc/thread-self/net/ip_vs_stats': 'Total',
  '/proc/sys/kernel/ostype': 'Linux\n',
  [`${VS}/drop_entry`]: '0\n',
};
/** A host with files: each has a text, or an errno. */
const holding =
  (files: Readonly<Record<string, string | number>>): ReadFiles =>
  async (paths) =>
    paths.map((path) => files[path] ?? ENOENT);
const all = async () => true;
const named = (checks: readonly Check[], name: string) =>
  checks.find((check) => check.name === name) ?? expect.unreachable(`${name} is not checked`);

/** Checks the parameters of a host. */
const checksOf = (
  files: Readonly<Record<string, string | number>>,
  netns: NamespaceTarget = OWN_NAMESPACE,
) => diagnoseThrough('1.2.1', holding({ ...VISIBLE, ...files }), all, netns, []);

/** Expects that every check has a detail, and a remedy only if something is to be fixed. */
function expectUseful(checks: readonly Check[]): void {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  for (const { name, status, detail, remedy } of checks) {
    expect(['ok', 'warning', 'missing', 'unknown'], name).toContain(status);
    expect(detail, name).toMatch(/^(?!.*(undefined|NaN|\[object)).{5,}$/);
    if (status === 'ok' || status === 'unknown') expect(remedy, name).toBeNull();
    expect(remedy ?? 'none', name).toMatch(/\S/);
  }
}

describe('the check of a parameter', () => {
  test.each([
    { name: 'ip_forward', parameter: 'net.ipv4.ip_forward' },
    { name: 'ipv6 forwarding', parameter: 'net.ipv6.conf.all.forwarding' },
    { name: 'conntrack', parameter: 'net.ipv4.vs.conntrack' },
    { name: 'expire_nodest_conn', parameter: 'net.ipv4.vs.expire_nodest_conn' },
    { name: 'expire_quiescent_template', parameter: 'net.ipv4.vs.expire_quiescent_template' },
    { name: 'estimation', parameter: 'net.ipv4.vs.run_estimation' },
    { name: 'bridge-nf-call-iptables', parameter: 'net.bridge.bridge-nf-call-iptables' },
  ])('$name is ok at 1 only', async ({ name, parameter }) => {
    const path = `/proc/sys/${parameter.replaceAll('.', '/')}`;
    const one = async (files: Record<string, string | number>) => {
      const checks = await checksOf(files);
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
    { running: '1', processors: undefined, status: 'ok', remedy: null },
    { running: '1', processors: '0-3', status: 'ok', remedy: null },
    {
      running: '0',
      processors: '0-3',
      status: 'warning',
      remedy: 'sysctl -w net.ipv4.vs.run_estimation=1',
    },
    {
      running: '1',
      processors: '\n',
      status: 'warning',
      remedy: 'sysctl -w net.ipv4.vs.est_cpulist=all',
    },
    {
      running: '0',
      processors: '\n',
      status: 'warning',
      remedy: 'sysctl -w net.ipv4.vs.run_estimation=1 net.ipv4.vs.est_cpulist=all',
    },
  ])(
    'estimation is $status for run_estimation $running and est_cpulist $processors',
    async ({ running, processors, status, remedy }) => {
      const files = {
        [`${VS}/run_estimation`]: running,
        [`${VS}/est_cpulist`]: processors ?? ENOENT,
      };
      expect(named(await checksOf(files), 'estimation')).toMatchObject({ status, remedy });
    },
  );

  test.each([
    {
      count: '100',
      max: '1000',
      status: 'ok',
      detail: '100 of 1000 tracked connections',
      remedy: null,
    },
    {
      count: '799',
      max: '1000',
      status: 'ok',
      detail: '799 of 1000 tracked connections',
      remedy: null,
    },
    {
      count: '800',
      max: '1000',
      status: 'warning',
      detail: '800 of 1000 tracked connections',
      remedy: 'sysctl -w net.netfilter.nf_conntrack_max=2000',
    },
    {
      count: '800',
      max: '0',
      status: 'ok',
      detail: '800 tracked connections, without a limit',
      remedy: null,
    },
    {
      count: '0',
      max: '0',
      status: 'ok',
      detail: '0 tracked connections, without a limit',
      remedy: null,
    },
  ])(
    'conntrack size is $status for $count of at most $max connections',
    async ({ count, max, status, detail, remedy }) => {
      const files = {
        [`${NETFILTER}/nf_conntrack_count`]: count,
        [`${NETFILTER}/nf_conntrack_max`]: max,
      };
      expect(named(await checksOf(files), 'conntrack size')).toMatchObject({
        status,
        detail,
        remedy,
      });
    },
  );

  test.each([
    { name: 'no proc file system', files: {}, why: /no proc file system is mounted/ },
    { name: 'no /proc/sys', files: { '/proc/thread-self/net/dev': 'x' }, why: /subset=pid/ },
  ])('is unknown without $name, and says so', async ({ files, why }) => {
    const checks = await diagnoseThrough('1.2.1', holding(files), all, OWN_NAMESPACE, []);
    expectUseful(checks);
    for (const { name, status, detail } of checks.slice(3)) {
      expect(status, name).toBe('unknown');
      expect(detail, name).toMatch(/^the parameter is not visible here/);
      expect(detail, name).toMatch(why);
      expect(detail, name).not.toMatch(/not loaded/);
    }
  });

  test('is unknown for IPVS only if the kernel hides its parameters', async () => {
    const checks = await checksOf({
      [`${VS}/drop_entry`]: ENOENT,
      '/proc/sys/net/ipv4/ip_forward': '1',
    });
    for (const name of ['conntrack', 'conn_reuse_mode', 'expire_nodest_conn', 'estimation']) {
      expect(named(checks, name).detail).toMatch(/not visible here: .*another user namespace/);
    }
    expect(named(checks, 'ip_forward').status).toBe('ok');
  });

  test('says why a parameter is missing if others are visible', async () => {
    expect(named(await checksOf({}), 'conntrack').detail).toMatch(/CONFIG_IP_VS_NFCT/);
  });
});

describe('a remedy', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const remedy = async (netns: NamespaceTarget) =>
    named(await checksOf({ '/proc/sys/net/ipv4/ip_forward': '0' }, netns), 'ip_forward').remedy;
  const at = (path: string) => ({ target: path, label: path });

  test('acts in the namespace that was diagnosed', async () => {
    const path = join(folder, 'blue');
    writeFileSync(path, '');
    expect(await remedy(at(path))).toBe(`nsenter --net=${path} sysctl -w net.ipv4.ip_forward=1`);
  });

  test.each([
    { name: 'a b', word: "'%/a b'" },
    { name: "it's", word: "'%/it'\\''s'" },
    { name: '$(id)', word: "'%/$(id)'" },
    { name: 'a;b', word: "'%/a;b'" },
    { name: 'a\nb', word: "'%/a\nb'" },
    { name: 'ü', word: "'%/ü'" },
    { name: 'a@b+c=d,e:f', word: '%/a@b+c=d,e:f' },
  ])('quotes $name for a shell', async ({ name, word }) => {
    const path = join(folder, name);
    writeFileSync(path, '');
    expect(await remedy(at(path))).toContain(` --net=${word.replace('%', folder)} `.trimStart());
  });

  test('names the process by its id instead of /proc/self', async () => {
    expect(await remedy(at('/proc/self/ns/net'))).toContain(`--net=/proc/${process.pid}/ns/net `);
  });

  test.each([
    { name: 'a descriptor', netns: { target: 17, label: 'descriptor 17' } },
    { name: 'a name that has gone', netns: at('/run/netns/no-such-one') },
  ])('is null for $name, and the fault is reported nevertheless', async ({ netns }) => {
    const check = named(
      await checksOf({ '/proc/sys/net/ipv4/ip_forward': '0' }, netns),
      'ip_forward',
    );
    expect(check).toMatchObject({ status: 'warning', remedy: null });
  });

  test('is null if /proc/sys is read-only, and the detail says so', async () => {
    access.mockImplementation(() => {
      throw Object.assign(new Error('read-only'), { code: 'EROFS' });
    });
    const check = named(await checksOf({ '/proc/sys/net/ipv4/ip_forward': '0' }), 'ip_forward');
    expect(check).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/read-only here: set it where the container is started$/),
      remedy: null,
    });
  });

  test('is a command for root, whoever runs the diagnosis', async () => {
    access.mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EACCES' });
    });
    expect(await remedy(OWN_NAMESPACE)).toBe('sysctl -w net.ipv4.ip_forward=1');
  });

  test('is null in another namespace for a parameter that all namespaces share', async () => {
    const path = join(folder, 'blue');
    writeFileSync(path, '');
    const files = {
      [`${NETFILTER}/nf_conntrack_count`]: '9',
      [`${NETFILTER}/nf_conntrack_max`]: '10',
    };
    expect(named(await checksOf(files, at(path)), 'conntrack size')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('initial network namespace'),
      remedy: null,
    });
  });
});

describe('the checks of schedulers', () => {
  test('probe a scheduler that is absent once', async () => {
    const probed: string[] = [];
    const probe = async (name: string) => {
      probed.push(name);
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
    expect(probed).toContain('mh');

    probed.length = 0;
    expect(named(await diagnosed(), 'scheduler mh')).toMatchObject(missing);
    expect(probed).not.toContain('mh');
    expect(probed).toContain('lc');
  });

  test('cover the given schedulers only', async () => {
    const probed: string[] = [];
    const probe = async (name: string) => probed.push(name) > 0;
    const checks = await diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['wrr', 'my']);
    const names = checks.map(({ name }) => name).filter((name) => name.startsWith('scheduler'));
    expect(names).toEqual(['scheduler wrr', 'scheduler my']);
    expect(probed).toEqual(['wrr', 'my']);
  });

  test('propose modprobe for a scheduler that the kernel does not load, and probe it again', async () => {
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

  test('accept a loaded module whose probe fails', async () => {
    host({ loaded: ['ip_vs_rr'] });
    const probe = async () => Promise.reject(new Error('no IPv6'));
    const checks = await diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['rr', 'sh']);
    expect(named(checks, 'scheduler rr')).toMatchObject({ status: 'ok' });
    expect(named(checks, 'scheduler sh')).toMatchObject({ status: 'unknown', detail: 'no IPv6' });
  });

  test('know a missing module from the disk if the probe fails, as without IPv6', async () => {
    host({ onDisk: false });
    const probe = async () => Promise.reject(new Error('no IPv6'));
    const checks = await diagnoseThrough('1.2.1', holding({}), probe, OWN_NAMESPACE, ['sh']);
    expect(named(checks, 'scheduler sh')).toMatchObject({
      status: 'missing',
      detail: 'the kernel has no module ip_vs_sh',
    });
  });

  const NAME = 'a name of 1 to 15 letters, digits, dots, dashes and underscores';
  const LIST = "an array of schedulers such as ['wrr']";
  test.each([
    {
      options: { schedulers: 'wrr' },
      kind: 'type',
      property: 'options.schedulers',
      value: "'wrr'",
      rule: LIST,
    },
    {
      options: { schedulers: null },
      kind: 'type',
      property: 'options.schedulers',
      value: 'null',
      rule: LIST,
    },
    {
      options: { schedulers: [5] },
      kind: 'type',
      property: 'options.schedulers[0]',
      value: '5',
      rule: NAME,
    },
    {
      options: { schedulers: ['rr', ''] },
      kind: 'value',
      property: 'options.schedulers[1]',
      value: "''",
      rule: `is not ${NAME}`,
    },
    {
      options: { schedulers: ['a b'] },
      kind: 'value',
      property: 'options.schedulers[0]',
      value: "'a b'",
      rule: `is not ${NAME}`,
    },
    { options: [], kind: 'type', property: 'options', value: '[]', rule: 'an object' },
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'an object' },
  ] as const)('refuse the options $options', ({ options, kind, property, value, rule }) => {
    for (const check of [checkDiagnoseOptions, checkHostOptions]) {
      try {
        check(options);
        expect.unreachable('the options are refused');
      } catch (error) {
        expectInputError(error, { kind, property, value, rule });
      }
    }
  });

  test('cover each scheduler once, none for an empty list, and all by default', () => {
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

describe('the check of dummy links', () => {
  const dummy = async () =>
    named(await diagnoseThrough('1', holding({}), all, OWN_NAMESPACE, []), 'dummy');
  test.each([
    { facts: { loaded: ['dummy'] }, status: 'ok', detail: /loaded/, remedy: null },
    { facts: { onDisk: true }, status: 'ok', detail: /on demand/, remedy: null },
    { facts: { onDisk: undefined }, status: 'unknown', detail: /not visible here/, remedy: null },
    { facts: { onDisk: false }, status: 'missing', detail: /no dummy links/, remedy: null },
    {
      facts: { onDisk: true, loader: '' },
      status: 'missing',
      detail: /modprobe is empty/,
      remedy: 'modprobe dummy numdummies=0',
    },
    {
      facts: { onDisk: true, forbidden: true },
      status: 'missing',
      detail: /modules_disabled/,
      remedy: null,
    },
    {
      facts: { onDisk: undefined, loader: '' },
      status: 'missing',
      detail: /modprobe is empty.*on the host/,
      remedy: null,
    },
  ])('is $status for a host with $facts', async ({ facts, status, detail, remedy }) => {
    host(facts);
    expect(await dummy()).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      remedy,
    });
  });
});

describe('without a handle', () => {
  const failed = (code: IpvsError['code'], syscall = '') =>
    new IpvsError('open: why it is so', { code, syscall, operation: 'open' });
  const without = (error: unknown, netns = OWN_NAMESPACE, schedulers?: string[]) =>
    diagnoseWithout(error, netns, schedulers);

  test.each([
    {
      why: 'there is no IPVS',
      error: failed('ERR_IPVS_UNAVAILABLE'),
      check: 'ip_vs',
      status: 'missing',
    },
    {
      why: 'a right is missing',
      error: failed('EPERM', 'IPVS_CMD_GET_INFO'),
      check: 'capability',
      status: 'missing',
    },
    {
      why: 'a filter forbids sockets',
      error: failed('EPERM', 'socket'),
      check: 'netlink',
      status: 'missing',
    },
    {
      why: 'a filter forbids the family',
      error: failed('EAFNOSUPPORT', 'socket'),
      check: 'netlink',
      status: 'missing',
    },
    {
      why: 'there are too many open files',
      error: failed('EMFILE', 'socket'),
      check: 'ip_vs',
      status: 'unknown',
    },
    {
      why: 'the addon cannot be loaded',
      error: failed('ERR_IPVS_NO_ADDON'),
      check: 'addon',
      status: 'missing',
    },
    {
      why: 'this is another platform',
      error: failed('ERR_IPVS_UNSUPPORTED_PLATFORM'),
      check: 'platform',
      status: 'missing',
    },
    {
      why: 'opening failed',
      error: new Error('why it is so'),
      check: 'ip_vs',
      status: 'unknown',
    },
    {
      why: 'something that is not an error was thrown',
      error: 'why it is so',
      check: 'ip_vs',
      status: 'unknown',
    },
  ])('the check $check is $status because $why', async ({ error, check: name, status }) => {
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

  describe.each([
    {
      refusal: Object.assign(new Error('restricted'), { code: 'ERR_ACCESS_DENIED' }),
      parameters:
        'Node.js runs with --permission and may not read /proc: add --allow-fs-read=/proc',
      modules:
        /^Node\.js .* --allow-fs-read=\/lib\/modules, .*=\/sys\/module and .*=\/proc\/sys\/kernel$/,
    },
    {
      refusal: Object.assign(new Error('run again with the --allow-all flag'), {
        name: 'NotCapable',
      }),
      parameters: 'Deno may not read /proc: add --allow-all',
      modules: /^Deno may not look for modules: add --allow-all$/,
    },
  ])('a refusal of the runtime ($refusal.name)', ({ refusal, parameters, modules }) => {
    test('to read /proc is named with the missing flag', async () => {
      using read = vi.spyOn(fs.promises, 'readFile').mockRejectedValue(refusal);
      const checks = await without(failed('ERR_IPVS_UNAVAILABLE'));
      expect(read).toHaveBeenCalled();
      expectUseful(checks);
      const others = new Set(['ip_vs', 'capability', 'dummy']);
      const unread = checks.filter(({ name }) => !others.has(name));
      expect(unread).toHaveLength(9);
      for (const check of unread) {
        expect(check).toMatchObject({ status: 'unknown', detail: parameters });
      }
    });

    test('to look for modules is named with the missing flags', async () => {
      access.mockImplementation(() => {
        throw refusal;
      });
      const checks = await without(failed('ERR_IPVS_UNAVAILABLE'));
      expect(named(checks, 'dummy').status).toBe('unknown');
      expect(named(checks, 'dummy').detail).toMatch(modules);
    });
  });

  test('parameters are read through a handle that is open, whatever the runtime refuses', async () => {
    using read = vi.spyOn(fs.promises, 'readFile');
    const readFiles = holding({ ...VISIBLE, '/proc/sys/net/ipv4/ip_forward': '1\n' });
    const checks = await diagnoseWithout(failed('EPERM'), OWN_NAMESPACE, [], readFiles);
    expect(named(checks, 'ip_forward').status).toBe('ok');
    expect(read).not.toHaveBeenCalled();
  });

  test('the remedy loads the module of IPVS if that helps', async () => {
    host({ onDisk: true, loader: '' });
    const checks = await without(failed('ERR_IPVS_UNAVAILABLE'));
    expect(named(checks, 'ip_vs').remedy).toBe('modprobe ip_vs');
  });

  test('a missing capability is named with those who have it', async () => {
    const { detail } = named(await without(failed('EPERM')), 'capability');
    expect(detail).toMatch(/^CAP_NET_ADMIN in the initial.*--cap-add NET_ADMIN.*rootless/);
    expect(detail.match(/root/g)).toHaveLength(2);
    expect(detail.match(/CAP_NET_ADMIN/g)).toHaveLength(1);
  });

  test('the given schedulers are unknown', async () => {
    const checks = await without(failed('EPERM'), OWN_NAMESPACE, ['wrr']);
    expect(named(checks, 'scheduler wrr')).toMatchObject({
      status: 'unknown',
      detail: 'without the capability it cannot be tried',
    });
    const absent = await without(failed('ERR_IPVS_UNAVAILABLE'), OWN_NAMESPACE, ['wrr']);
    expect(named(absent, 'scheduler wrr').detail).toBe('without IPVS it cannot be tried');
  });

  test.each(['open', 'setns', 'fcntl'])(
    'a namespace that cannot be entered (%s) is not checked further',
    async (syscall) => {
      const error = new IpvsError('open /nowhere: why it is so', { code: 'EPERM', syscall });
      const checks = await without(error, { target: '/nowhere', label: '/nowhere' });
      expect(checks.map(({ name }) => name)).toEqual(['netns', 'ip_vs', 'capability', 'dummy']);
      expect(named(checks, 'ip_vs').status).toBe('unknown');
    },
  );
});

test('diagnose() never rejects, whatever a host shows or refuses', async () => {
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
