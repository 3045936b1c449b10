import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { type Check, diagnose, Ipvs, loadModules } from 'ipvs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isOwnKernel } from './helpers/modules.js';
import { Namespace, run } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const MODPROBE = '/proc/sys/kernel/modprobe';
const schedulers = 'rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos'.split(' ');

/** The check of that name. */
async function checked(name: string, checks = fixture.ipvs.diagnose()): Promise<Check | undefined> {
  return (await checks).find((check) => check.name === name);
}

const hasModule = (name: string) =>
  new RegExp(`/${name}\\.ko`).test(
    readFileSync(`/lib/modules/${release()}/modules.dep`, 'utf8') +
      readFileSync(`/lib/modules/${release()}/modules.builtin`, 'utf8'),
  );

test('diagnose reports every check', async () => {
  const checks = await fixture.ipvs.diagnose();
  expect(checks.map(({ name }) => name)).toEqual([
    'ip_vs',
    'capability',
    ...schedulers.map((scheduler) => `scheduler ${scheduler}`),
    'dummy',
    'ip_forward',
    'ipv6 forwarding',
    'conntrack',
    'conn_reuse_mode',
    'expire_nodest_conn',
    'expire_quiescent_template',
    'estimation',
    'bridge-nf-call-iptables',
    'conntrack size',
  ]);
  for (const { status, detail, remedy } of checks) {
    expect(detail).toMatch(/\S/);
    if (status === 'ok' || status === 'unknown') expect(remedy).toBeNull();
  }
  expect(checks.slice(0, 2)).toEqual([
    { name: 'ip_vs', status: 'ok', detail: 'IPVS 1.2.1', remedy: null },
    {
      name: 'capability',
      status: 'ok',
      detail: 'CAP_NET_ADMIN in the initial user namespace',
      remedy: null,
    },
  ]);
});

test.each(schedulers)('scheduler %s is reported present if its module is', async (scheduler) => {
  const module = `ip_vs_${scheduler}`;
  const expected = hasModule(module)
    ? { status: 'ok', remedy: null }
    : {
        status: 'missing',
        detail: `the kernel has no module ${module}`,
        remedy: null,
      };
  expect(await checked(`scheduler ${scheduler}`)).toMatchObject(expected);
});

test('all schedulers but twos are present on the kernels of the tests', async (context) => {
  if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
  const missing = (await fixture.ipvs.diagnose()).filter(({ status }) => status === 'missing');
  expect(missing.map(({ name }) => name)).toEqual(['scheduler twos']);
});

describe('diagnose creates nothing', () => {
  afterEach(() => fixture.ipvs.flush());

  test.each<{ readonly table: string; readonly lines: string[] }>([
    { table: 'in an empty table', lines: [] },
    {
      table: 'beside services',
      lines: [
        '-A -t 10.96.0.1:80 -s rr',
        '-a -t 10.96.0.1:80 -r 10.0.0.1:80 -m -w 1',
        '-A -f 4294967295 -s wlc',
        '-A -f 1 -6 -s wlc',
      ],
    },
    { table: 'beside a service of any firewall mark', lines: ['-A -f 4294967295 -6 -s wlc'] },
  ])('in the kernel $table', async ({ lines }) => {
    if (lines.length > 0) fixture.namespace.restore(lines);
    const before = fixture.namespace.saved();
    expect(before).toHaveLength(lines.length);
    const checks = await fixture.ipvs.diagnose();
    expect(fixture.namespace.saved()).toEqual(before);
    for (const { name, status, detail } of checks) {
      if (name.startsWith('scheduler')) expect(status, `${name}: ${detail}`).not.toBe('unknown');
    }
  });
});

describe('modprobe', () => {
  let folder: string;
  let before: string;
  const log = () => (existsSync(`${folder}/log`) ? readFileSync(`${folder}/log`, 'utf8') : '');

  beforeAll(() => {
    if (!isOwnKernel) return;
    folder = mkdtempSync('/run/ipvs-');
    before = readFileSync(MODPROBE, 'utf8');
    const script = `#!/bin/sh\necho "$*" >> ${folder}/log\nexec ${before.trim()} "$@"\n`;
    writeFileSync(`${folder}/modprobe`, script);
    chmodSync(`${folder}/modprobe`, 0o755);
    writeFileSync(MODPROBE, `${folder}/modprobe`);
  });
  afterAll(() => {
    if (!isOwnKernel) return;
    writeFileSync(MODPROBE, before);
    rmSync(folder, { recursive: true });
  });
  beforeEach((context) => {
    if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
    rmSync(`${folder}/log`, { force: true });
  });

  const runs = () =>
    log()
      .split('\n')
      .filter((line) => line.includes('ip_vs_twos')).length;

  test('is run once for an absent scheduler', async () => {
    // Loading any module, the kernel may have more than it had.
    if (existsSync('/sys/module/ip_vs_lblcr')) run('rmmod', ['ip_vs_lblcr']);
    await loadModules(['ip_vs_lblcr']);
    expect(await checked('scheduler twos')).toMatchObject({ status: 'missing' });
    expect(runs()).toBe(1);
    expect(await checked('scheduler twos')).toMatchObject({ status: 'missing' });
    expect(await checked('scheduler twos', diagnose())).toMatchObject({ status: 'missing' });
    expect(runs()).toBe(1);
  });

  test('is run again after a module was loaded', async () => {
    await fixture.ipvs.diagnose();
    rmSync(`${folder}/log`, { force: true });
    run('rmmod', ['ip_vs_lblcr']);
    expect(await loadModules(['ip_vs_lblcr'])).toEqual([{ name: 'ip_vs_lblcr', status: 'loaded' }]);
    expect(runs()).toBe(0);
    await fixture.ipvs.diagnose();
    expect(runs()).toBe(1);
  });

  test('is not run for present schedulers', async () => {
    await fixture.ipvs.diagnose();
    rmSync(`${folder}/log`, { force: true });
    await fixture.ipvs.diagnose();
    expect(log()).toBe('');
  });
});

const parameters = [
  { name: 'ip_forward', parameter: 'net.ipv4.ip_forward' },
  { name: 'ipv6 forwarding', parameter: 'net.ipv6.conf.all.forwarding' },
  { name: 'estimation', parameter: 'net.ipv4.vs.run_estimation' },
  { name: 'conntrack', parameter: 'net.ipv4.vs.conntrack' },
  { name: 'expire_nodest_conn', parameter: 'net.ipv4.vs.expire_nodest_conn' },
  { name: 'expire_quiescent_template', parameter: 'net.ipv4.vs.expire_quiescent_template' },
] as const;

describe.each(parameters)('the check $name', ({ name, parameter }) => {
  const path = `/proc/sys/${parameter.replaceAll('.', '/')}`;
  const set = (value: number) => fixture.namespace.run('sh', ['-c', `echo ${value} > ${path}`]);

  test('is a warning while the parameter is off, and its remedy works', async () => {
    set(0);
    const check = await checked(name);
    expect(check).toMatchObject({
      status: 'warning',
      remedy: `nsenter --net=${fixture.namespace.path} sysctl -w ${parameter}=1`,
    });
    run('sh', ['-c', check?.remedy ?? 'false']);
    expect(await checked(name)).toMatchObject({ status: 'ok', remedy: null });
    set(0);
    expect(await checked(name)).toMatchObject({ status: 'warning' });
  });

  test('reads the namespace of the handle', async () => {
    const other = new Namespace();
    const ipvs = await Ipvs.open({ netns: other.path });
    try {
      set(0);
      other.run('sh', ['-c', `echo 1 > ${path}`]);
      expect(await checked(name)).toMatchObject({ status: 'warning' });
      expect(await checked(name, ipvs.diagnose())).toMatchObject({ status: 'ok' });
      expect(await checked(name, diagnose({ netns: other.path }))).toMatchObject({ status: 'ok' });
    } finally {
      await ipvs.close();
      other.delete();
    }
  });
});

test('conn_reuse_mode is accepted on kernels from 5.9 on', async () => {
  for (const connReuseMode of [0, 1]) {
    await fixture.ipvs.sysctls.set({ connReuseMode });
    expect(await checked('conn_reuse_mode')).toEqual({
      name: 'conn_reuse_mode',
      status: 'ok',
      detail: `conn_reuse_mode ${connReuseMode} on Linux ${release()}`,
      remedy: null,
    });
  }
});

test('bridge-nf-call-iptables is unknown without br_netfilter', async (context) => {
  if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
  const present = () => existsSync('/sys/module/br_netfilter');
  if (present()) run('rmmod', ['br_netfilter']);
  expect(await checked('bridge-nf-call-iptables')).toMatchObject({ status: 'unknown' });
  await loadModules(['br_netfilter']);
  const ipvs = await Ipvs.open();
  try {
    const path = '/proc/sys/net/bridge/bridge-nf-call-iptables';
    for (const [value, status] of [
      ['0', 'warning'],
      ['1', 'ok'],
    ] as const) {
      writeFileSync(path, value);
      expect(await checked('bridge-nf-call-iptables', ipvs.diagnose())).toMatchObject({ status });
    }
  } finally {
    await ipvs.close();
    run('rmmod', ['br_netfilter']);
  }
});

test('the size of the conntrack table is reported', async (context) => {
  if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
  await loadModules(['nf_conntrack']);
  const max = readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8').trim();
  expect(await checked('conntrack size', diagnose())).toMatchObject({
    status: 'ok',
    detail: expect.stringMatching(new RegExp(`^\\d+ of ${max} tracked connections$`)),
  });
});

test('dummy links are reported present', async () => {
  expect(await checked('dummy')).toMatchObject({ status: 'ok' });
});

describe('remedies', () => {
  /** Runs each remedy as it is printed; those of the parameters here act in one namespace. */
  const runAll = (checks: readonly Check[]) => {
    for (const { remedy } of checks) if (remedy !== null) run('sh', ['-c', remedy]);
  };
  const off = ['net/ipv4/ip_forward', 'net/ipv4/vs/conntrack', 'net/ipv4/vs/run_estimation'];
  const switchOff = (namespace: Namespace) =>
    namespace.run('sh', ['-c', `for f; do echo 0 > /proc/sys/$f; done`, 'sh', ...off]);
  const faults = (checks: readonly Check[]) =>
    checks.filter(({ status, name }) => status !== 'ok' && !/^(scheduler|bridge)/.test(name));

  test('repair all faults when a shell runs them', async () => {
    switchOff(fixture.namespace);
    if (existsSync(`/proc/sys/net/ipv4/vs/est_cpulist`)) {
      await fixture.ipvs.sysctls.set({ estCpulist: '' });
    }
    const checks = await fixture.ipvs.diagnose({ schedulers: ['rr'] });
    expect(faults(checks).length).toBeGreaterThanOrEqual(3);
    runAll(checks);
    expect(faults(await fixture.ipvs.diagnose({ schedulers: ['rr'] }))).toEqual([]);
    expect(await fixture.ipvs.getInfo()).toMatchObject({ estimation: true });
  });

  test('quote a namespace path with shell characters', async () => {
    const folder = mkdtempSync("/run/it's $HOME; ");
    const path = `${folder}/a b`;
    writeFileSync(path, '');
    run('mount', ['--bind', fixture.namespace.path, path]);
    try {
      switchOff(fixture.namespace);
      const checks = await diagnose({ netns: path, schedulers: [] });
      expect(faults(checks).length).toBeGreaterThanOrEqual(3);
      runAll(checks);
      expect(faults(await fixture.ipvs.diagnose({ schedulers: [] }))).toEqual([]);
    } finally {
      run('umount', [path]);
      rmSync(folder, { recursive: true });
    }
  });

  test('work in the namespace of a process', async () => {
    switchOff(fixture.namespace);
    const child = spawn('nsenter', [`--net=${fixture.namespace.path}`, 'sleep', '60']);
    const pid = child.pid ?? expect.unreachable();
    try {
      const own = readlinkSync('/proc/self/ns/net');
      await until(
        () => readlinkSync(`/proc/${pid}/ns/net`),
        (found) => found !== own,
      );
      const netns = { pid };
      const checks = await diagnose({ netns, schedulers: [] });
      expect(faults(checks).length).toBeGreaterThanOrEqual(3);
      runAll(checks);
      expect(faults(await diagnose({ netns, schedulers: [] }))).toEqual([]);
    } finally {
      child.kill();
    }
  });

  test('are null for a descriptor, although the faults are reported', async () => {
    switchOff(fixture.namespace);
    const fd = openSync(fixture.namespace.path, 'r');
    try {
      const ipvs = await Ipvs.open({ netns: { fd } });
      const checks = [
        await ipvs.diagnose({ schedulers: [] }),
        await diagnose({ netns: { fd }, schedulers: [] }),
      ];
      await ipvs.close();
      for (const each of checks) {
        expect(faults(each).length).toBeGreaterThanOrEqual(3);
        for (const { remedy } of each) expect(remedy).toBeNull();
      }
    } finally {
      closeSync(fd);
    }
  });

  test('are null once the name of the namespace is gone', async () => {
    const other = new Namespace();
    const ipvs = await Ipvs.open({ netns: other.path });
    other.delete();
    const checks = await ipvs.diagnose({ schedulers: [] });
    await ipvs.close();
    for (const { remedy } of checks) expect(remedy).toBeNull();
  });

  test('are null for a conntrack table without a limit', async (context) => {
    if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
    await loadModules(['nf_conntrack']);
    const file = '/proc/sys/net/netfilter/nf_conntrack_max';
    const before = readFileSync(file, 'utf8');
    try {
      try {
        writeFileSync(file, '0');
      } catch {
        return context.skip('this kernel wants a limit');
      }
      expect(await checked('conntrack size', diagnose())).toMatchObject({
        status: 'ok',
        detail: expect.stringMatching(/^\d+ tracked connections, without a limit$/),
      });
    } finally {
      writeFileSync(file, before);
    }
  });
});

describe('if the kernel loads no modules on demand', () => {
  const scheduler = 'ovf';
  const module = `ip_vs_${scheduler}`;
  let before: string;
  beforeEach((context) => {
    if (!isOwnKernel) return context.skip('needs a kernel that was booted for the tests');
    before = readFileSync(MODPROBE, 'utf8');
    if (existsSync(`/sys/module/${module}`)) run('rmmod', [module]);
    writeFileSync(MODPROBE, '\n');
  });
  afterEach(async () => {
    if (isOwnKernel) writeFileSync(MODPROBE, before);
    await fixture.ipvs.flush();
  });
  const why = /module ip_vs_ovf is not loaded, and .*kernel\.modprobe is empty.*modprobe ip_vs_ovf/;

  test('a missing scheduler has a remedy that works', async () => {
    const look = () =>
      checked(`scheduler ${scheduler}`, fixture.ipvs.diagnose({ schedulers: ['ovf'] }));
    const check = await look();
    expect(check).toMatchObject({
      status: 'missing',
      detail: expect.stringMatching(why),
      remedy: `modprobe ${module}`,
    });
    run('sh', ['-c', check?.remedy ?? 'false']);
    expect(await look()).toMatchObject({ status: 'ok' });
  });

  test('a service with the scheduler is refused with the remedy, also synchronously and in a batch', async () => {
    const service = { protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler } as const;
    const refused = { code: 'ENOENT', message: expect.stringMatching(why) };
    await expect(fixture.ipvs.addService(service)).rejects.toMatchObject(refused);
    await expect(fixture.ipvs.ensureService(service)).rejects.toMatchObject(refused);
    expect(() => fixture.ipvs.sync.addService(service)).toThrow(why);
    const results = await fixture.ipvs.batch((batch) => void batch.addService(service));
    expect(results).toMatchObject([{ status: 'rejected', reason: refused }]);
  });

  test('loadModules loads the module nevertheless', async () => {
    expect(await loadModules([module])).toEqual([{ name: module, status: 'loaded' }]);
  });

  test('missing dummy links have a remedy that creates no link', async (context) => {
    if (existsSync('/sys/module/dummy') && !hasModule('dummy')) context.skip('built in');
    run('rmmod', ['dummy']);
    const check = await checked('dummy');
    expect(check).toMatchObject({ status: 'missing', remedy: 'modprobe dummy numdummies=0' });
    run('sh', ['-c', check?.remedy ?? 'false']);
    expect(await checked('dummy')).toMatchObject({ status: 'ok' });
    expect(run('ip', ['link'])).not.toContain('dummy0');
  });
});

test('diagnose checks only the schedulers that are named', async () => {
  const names = async (checks: Promise<Check[]>) =>
    (await checks).map(({ name }) => name).filter((name) => name.startsWith('scheduler'));
  const netns = fixture.namespace.path;
  expect(await names(fixture.ipvs.diagnose({ schedulers: ['wrr', 'twos'] }))).toEqual([
    'scheduler wrr',
    'scheduler twos',
  ]);
  expect(await names(diagnose({ netns, schedulers: ['wrr'] }))).toEqual(['scheduler wrr']);
  expect(await names(diagnose({ netns, schedulers: [] }))).toEqual([]);
});

test('a module is loaded even if modprobe is not in PATH', async (context) => {
  if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
  const { PATH } = process.env;
  try {
    for (const path of [undefined, '', ':', '/nowhere']) {
      if (existsSync('/sys/module/ip_vs_ovf')) run('rmmod', ['ip_vs_ovf']);
      if (path === undefined) Reflect.deleteProperty(process.env, 'PATH');
      else process.env['PATH'] = path;
      expect(await loadModules(['ip_vs_ovf'])).toEqual([{ name: 'ip_vs_ovf', status: 'loaded' }]);
      process.env['PATH'] = PATH;
    }
  } finally {
    process.env['PATH'] = PATH;
  }
});

describe('diagnose without a handle', () => {
  const asNobody = (...more: string[]) =>
    JSON.parse(
      run('setpriv', [
        '--reuid=65534',
        '--clear-groups',
        ...more,
        process.execPath,
        programPath('diagnose.mjs'),
      ]),
    ) as Check[];

  test('names the missing capability', () => {
    const checks = asNobody();
    expect(checks.slice(0, 2)).toMatchObject([
      { name: 'ip_vs', status: 'ok' },
      {
        name: 'capability',
        status: 'missing',
        detail: expect.stringMatching(/CAP_NET_ADMIN.*--cap-add NET_ADMIN/),
        remedy: null,
      },
    ]);
    expect(checks.map(({ name }) => name)).toEqual([
      'ip_vs',
      'capability',
      'dummy',
      'ip_forward',
      'ipv6 forwarding',
      'conntrack',
      'conn_reuse_mode',
      'expire_nodest_conn',
      'expire_quiescent_template',
      'estimation',
      'bridge-nf-call-iptables',
      'conntrack size',
    ]);
    // Checks that need no privileges are still made.
    const forwards = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() !== '0';
    expect(checks[3]).toMatchObject({ status: forwards ? 'ok' : 'warning' });
  });

  test('names the missing capability for root of another user namespace', () => {
    const text = run('unshare', [
      ...['--user', '--map-root-user', '--net'],
      process.execPath,
      programPath('diagnose.mjs'),
    ]);
    expect((JSON.parse(text) as Check[])[1]).toMatchObject({
      name: 'capability',
      status: 'missing',
      detail: expect.stringMatching(/initial user namespace/),
    });
  });

  test('reports a missing namespace', async () => {
    expect((await diagnose({ netns: '/run/netns/no-such-one' })).slice(0, 3)).toMatchObject([
      {
        name: 'netns',
        status: 'missing',
        detail: expect.stringMatching(/no such network namespace/),
      },
      { name: 'ip_vs', status: 'unknown' },
      { name: 'capability', status: 'unknown' },
    ]);
  });

  test('refuses invalid options', async () => {
    // @ts-expect-error: a path is text.
    await expect(diagnose({ netns: 5 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('rejects for a closed handle', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    await ipvs.close();
    await expect(ipvs.diagnose()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
  });
});

describe('loadModules', () => {
  test('loads missing modules and leaves others alone', async (context) => {
    if (!isOwnKernel) context.skip('needs a kernel that was booted for the tests');
    const name = 'ip_vs_ftp';
    const loaded = () => existsSync(`/sys/module/${name}`);
    if (loaded()) run('rmmod', [name]);
    expect(await loadModules(['ip_vs', name])).toEqual([
      { name: 'ip_vs', status: 'present' },
      { name, status: 'loaded' },
    ]);
    expect(loaded()).toBe(true);
    expect(await loadModules([name, 'ip-vs'])).toEqual([
      { name, status: 'present' },
      { name: 'ip-vs', status: 'present' },
    ]);
    run('rmmod', [name]);
    await until(loaded, (there) => !there);
  });

  test('rejects with the words of modprobe for modules that do not exist', async () => {
    await expect(loadModules(['ip_vs', 'ip_vs_no_such_one'])).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ERR_IPVS_MODULE',
      syscall: 'modprobe',
      operation: 'loadModules',
      target: 'ip_vs_no_such_one',
      message: expect.stringMatching(/ip_vs_no_such_one.*not found/),
    });
  });

  test('runs no commands', async () => {
    const file = `${tmpdir()}/ipvs-no-shell-${process.pid}`;
    for (const name of [`$(touch ${file})`, `ip_vs; touch ${file}`, `ip_vs\ntouch ${file}`]) {
      await expect(loadModules([name])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
    expect(existsSync(file)).toBe(false);
  });
});
