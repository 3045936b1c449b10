// Anonymous network namespaces, inspected by programs that enter them through their path.
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { diagnose, Ipvs, Links, Namespace } from 'ipvs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { countSockets, inheritedFiles } from './helpers/descriptors.js';
import { run } from './helpers/launcher.js';
import { until } from './helpers/poll.js';
import { build, programPath } from './helpers/programs.js';

/** Returns the number of descriptors of network namespaces. */
const countNamespaces = () =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('net:');
    } catch {
      return false; // the one that readdir() had open
    }
  }).length;

/** Runs a program in a namespace. */
const inside = ({ path }: Namespace, program: string, ...args: string[]) =>
  run('nsenter', [`--net=${path}`, program, ...args]);

const saved = (namespace: Namespace) => inside(namespace, 'ipvsadm', '-Sn').trim();
const links = (namespace: Namespace) =>
  inside(namespace, 'ip', '-oneline', 'link')
    .split('\n')
    .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);

const own = readlinkSync('/proc/self/ns/net');
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

// Handles that files before this one have abandoned would be collected during a test.
beforeAll(async () => {
  for (let round = 0; round < 5; round++) {
    collect();
    await sleep(20);
  }
});

let before: { readonly namespaces: number; readonly sockets: number };

beforeEach(() => {
  before = { namespaces: countNamespaces(), sockets: countSockets() };
});

afterEach(() => {
  expect({ namespaces: countNamespaces(), sockets: countSockets() }).toEqual(before);
});

test('namespaces are isolated from one another and from that of the process', async () => {
  const ownServices = run('ipvsadm', ['-Sn']);
  const namespaces = await Promise.all([Namespace.create(), Namespace.create()]);
  for (const [index, namespace] of namespaces.entries()) {
    const ipvs = await Ipvs.open({ netns: namespace });
    await ipvs.addService({ fwmark: index + 1 });
    await ipvs.links.ensureDummy(`vip${index}`);
    await ipvs.sysctls.set({ connReuseMode: index });
    await ipvs.close();
  }
  const inodes = namespaces.map(({ path }) => readlinkSync(path));
  expect(new Set([own, ...inodes]).size).toBe(3);
  expect(namespaces.map(saved)).toEqual(['-A -f 1 -s wlc', '-A -f 2 -s wlc']);
  expect(namespaces.map(links)).toEqual([
    ['lo', 'vip0'],
    ['lo', 'vip1'],
  ]);
  const file = '/proc/sys/net/ipv4/vs/conn_reuse_mode';
  expect(namespaces.map((each) => inside(each, 'cat', file).trim())).toEqual(['0', '1']);
  expect(run('ipvsadm', ['-Sn'])).toBe(ownServices);
  expect(readlinkSync('/proc/self/ns/net')).toBe(own);
  for (const namespace of namespaces) namespace.close();
});

test('no thread of the process changes its namespace', async () => {
  const namespaces = Promise.all(Array.from({ length: 20 }, () => Namespace.create()));
  const threads = () =>
    readdirSync('/proc/self/task').flatMap((task) => {
      try {
        return readlinkSync(`/proc/self/task/${task}/ns/net`);
      } catch {
        return []; // a thread that has ended
      }
    });
  for (const namespace of await namespaces) namespace.close();
  // A joined thread may still be listed for a moment.
  await until(threads, (found) => found.every((each) => each === own));
});

describe('the loopback link', () => {
  test.each([
    { options: undefined, state: 'UNKNOWN', addresses: '127.0.0.1/8 ::1/128' },
    { options: { loopback: true }, state: 'UNKNOWN', addresses: '127.0.0.1/8 ::1/128' },
    { options: { loopback: false }, state: 'DOWN', addresses: '' },
  ])('is $state with $options', async ({ options, state, addresses }) => {
    const namespace = await Namespace.create(options);
    const shown = inside(namespace, 'ip', '-brief', 'address').trim().split(/ +/);
    expect(shown).toEqual(['lo', state, ...addresses.split(' ').filter((each) => each !== '')]);
    namespace.close();
  });

  test('is needed for destinations', async () => {
    const outcomes = [];
    for (const loopback of [true, false]) {
      const namespace = await Namespace.create({ loopback });
      const ipvs = await Ipvs.open({ netns: namespace });
      const results = await ipvs.batch((b) => {
        b.addService({ fwmark: 1 });
        b.addDestination('fwmark://1', { address: '10.0.0.1', forwarding: 'masquerade' });
      });
      outcomes.push(results.map(({ status }) => status));
      await ipvs.close();
      namespace.close();
    }
    expect(outcomes).toEqual([
      ['fulfilled', 'fulfilled'],
      ['fulfilled', 'rejected'],
    ]);
  });
});

describe('a namespace', () => {
  test('is accepted wherever a network namespace is', async () => {
    const namespace = await Namespace.create();
    const other = await Links.open({ netns: namespace });
    const events = other.watch({ types: ['link'] });
    const ipvs = await Ipvs.open({ netns: namespace });
    await ipvs.links.ensureDummy('vip0');
    const { value: event } = await events.next();
    expect(event).toMatchObject({ type: 'link', link: { name: 'vip0' } });
    expect(inside(namespace, 'ip', '-brief', 'link', 'show', 'vip0')).toMatch(/^vip0 /);

    inside(namespace, 'ipvsadm', '-A', '-f', '7', '-s', 'rr');
    expect(await ipvs.listServices()).toMatchObject([{ fwmark: 7, scheduler: 'rr' }]);
    expect(ipvs.sync.listServices()).toHaveLength(1);
    const { value: sample } = await ipvs.watch({ interval: 100 }).next();
    expect(sample?.services).toHaveLength(1);
    expect(await ipvs.countConnections()).toEqual([{ count: 0 }]);

    // Only this namespace forwards.
    inside(namespace, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    const checks = await diagnose({ netns: namespace, schedulers: ['rr'] });
    expect(checks.find(({ name }) => name === 'ip_forward')).toMatchObject({ status: 'ok' });
    const descriptor = await Links.open({ netns: { fd: namespace.fd } });
    expect(await descriptor.getLink('vip0')).toMatchObject({ up: true });
    for (const each of [other, descriptor, ipvs]) await each.close();
    namespace.close();
  });

  test('that is closed stays usable by its handles', async () => {
    const namespace = await Namespace.create();
    const opening = [Ipvs.open({ netns: namespace }), Ipvs.open({ netns: namespace })];
    const { path } = namespace;
    const inode = readlinkSync(path);
    namespace.close();
    const [first, second] = await Promise.all(opening);
    await first?.addService({ fwmark: 5 });
    await first?.links.ensureDummy('vip5');
    await first?.close();
    // The second one alone keeps the namespace.
    expect(await second?.listServices()).toMatchObject([{ fwmark: 5 }]);
    expect(await second?.links.getLink('vip5')).toMatchObject({ name: 'vip5' });
    expect(await second?.sysctls.get()).toMatchObject({ conntrack: false });
    expect(inode).not.toBe(own);
    await expect(Ipvs.open({ netns: namespace })).rejects.toThrow('is closed');
    await second?.close();
  });

  test('is deleted by the kernel when nothing uses it any more', async () => {
    const namespace = await Namespace.create();
    // The kernel deletes both ends of the pair with the namespace of either.
    const outer = `outer${process.pid}`.slice(0, 15);
    const pair = ['type', 'veth', 'peer', 'name', outer, 'netns', String(process.pid)];
    inside(namespace, 'ip', 'link', 'add', 'inner', ...pair);
    const ipvs = await Ipvs.open({ netns: namespace });
    await ipvs.addService({ fwmark: 1 });
    const here = await Links.open();
    expect(await here.getLink(outer)).toMatchObject({ kind: 'veth' });
    namespace.close();
    await sleep(500);
    expect(await here.getLink(outer)).toMatchObject({ kind: 'veth' });
    await ipvs.close();
    await until(
      () => here.getLink(outer),
      (found) => found === undefined,
    );
    await here.close();
  });

  test('is not inherited by programs, which enter it by its path', async () => {
    const inherited = inheritedFiles();
    const namespace = await Namespace.create();
    expect(inheritedFiles()).toEqual(inherited);
    expect(namespace.path).toBe(`/proc/${process.pid}/fd/${namespace.fd}`);
    const inode = readlinkSync(namespace.path);
    expect(inode).toBe(readlinkSync(`/proc/self/fd/${namespace.fd}`));
    expect(inside(namespace, 'readlink', '/proc/self/ns/net').trim()).toBe(inode);
    const handle = await Links.open({ netns: namespace.path });
    expect(await handle.listLinks()).toHaveLength(1);
    await handle.close();
    namespace.close();
  });
});

test('the path is that of /proc, whatever the process id is', () => {
  const wrapper = ['--pid', '--fork', process.execPath];
  const found = JSON.parse(run('unshare', [...wrapper, programPath('namespaces.mjs'), '1']));
  expect(found).toMatchObject({ created: 1, pid: 1, isReached: true });
});

describe('descriptors', () => {
  test('do not accumulate over 200 namespaces', async () => {
    for (let round = 0; round < 200; round++) {
      const namespace = await Namespace.create();
      const opened = round % 20 === 0 ? await Ipvs.open({ netns: namespace }) : undefined;
      expect(countNamespaces()).toBe(before.namespaces + (opened === undefined ? 1 : 2));
      namespace.close();
      await opened?.close();
    }
  });

  const afterCollection = () => {
    collect();
    return countNamespaces();
  };

  test('of abandoned namespaces are closed by the garbage collector', async () => {
    const abandon = async () => {
      for (let index = 0; index < 20; index++) await Namespace.create();
    };
    const kept = await Namespace.create();
    await abandon();
    expect(countNamespaces()).toBeGreaterThan(before.namespaces + 1);
    await until(afterCollection, (count) => count === before.namespaces + 1);
    expect(readlinkSync(kept.path)).toMatch(/^net:/);
    kept.close();
  });

  test('of a worker thread are closed at its end, whenever that is', async () => {
    build();
    const source = `
      import('ipvs').then(async ({ Namespace, Links }) => {
        const kept = [];
        for (let round = 0; ; round++) {
          const namespace = await Namespace.create();
          await (await Links.open({ netns: namespace })).close();
          if (round < 5) kept.push(namespace);
          else namespace.close();
          require('node:worker_threads').parentPort.postMessage(namespace.constructor.name);
        }
      });`;
    for (let index = 0; index < 8; index++) {
      const worker = new Worker(source, { eval: true });
      await once(worker, 'message');
      // Anywhere in a creation, or between two.
      await sleep(Math.random() * 100);
      await worker.terminate();
    }
    await until(afterCollection, (count) => count === before.namespaces);
    await until(countSockets, (count) => count === before.sockets);
  });
});

describe('with fewer rights', () => {
  const create = (wrapper: readonly string[], ...args: string[]): unknown => {
    const [first = '', ...rest] = [...wrapper, process.execPath, programPath('namespaces.mjs')];
    return JSON.parse(run(first, [...rest, ...args]));
  };
  const rights = (...kept: string[]) => {
    const set = ['-all', ...kept.map((capability) => `+${capability}`)].join(',');
    return ['setpriv', `--bounding-set=${set}`, `--inh-caps=${set}`];
  };

  test('CAP_SYS_ADMIN and CAP_NET_ADMIN are sufficient', () => {
    expect(create(rights('net_admin', 'sys_admin'), '1')).toMatchObject({
      created: 1,
      ipvs: {},
      links: { value: ['lo up', 'vip0 up'] },
    });
  });

  test.each([
    { title: 'root without CAP_SYS_ADMIN', wrapper: rights('net_admin') },
    {
      title: 'another user',
      wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    },
  ])('$title is told what to do', ({ wrapper }) => {
    expect(create(wrapper, '1')).toMatchObject({
      created: 0,
      code: 'EPERM',
      message: expect.stringMatching(
        /^create: CAP_SYS_ADMIN is needed to make a network namespace: run as root \(sudo\), /,
      ),
    });
  });

  test('CAP_NET_ADMIN is needed for the loopback link alone', () => {
    const wrapper = rights('sys_admin');
    expect(create(wrapper, '1')).toMatchObject({
      created: 0,
      code: 'EPERM',
      message: expect.stringMatching(
        /^create: CAP_NET_ADMIN is needed to bring up the loopback link: /,
      ),
    });
    expect(create(wrapper, '1', 'down')).toMatchObject({ created: 1, ipvs: { code: 'EPERM' } });
  });

  test('root of another user namespace has links, but no IPVS', () => {
    expect(create(['unshare', '--user', '--map-root-user'], '1')).toMatchObject({
      created: 1,
      isReached: true,
      ipvs: {
        code: 'EPERM',
        message: expect.stringMatching(/CAP_NET_ADMIN in the initial user namespace is needed/),
      },
      links: { value: ['lo up', 'vip0 up'] },
    });
  });

  test('the limit of namespaces is named', () => {
    const limit = 'echo 3 > /proc/sys/user/max_net_namespaces && exec "$@"';
    const wrapper = ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'];
    expect(create(wrapper, '10')).toMatchObject({
      created: 3,
      code: 'ENOSPC',
      message: expect.stringMatching(
        /^create: the limit of network namespaces is reached \(sysctl user\.max_net_namespaces\)/,
      ),
    });
  });

  test.each(['up', 'down'])('the limit of open files is named, with loopback %s', (loopback) => {
    const wrapper = ['sh', '-c', 'ulimit -n 60 && exec "$@"', 'sh'];
    const found = create(wrapper, '100', loopback) as { created: number; again: unknown };
    expect(found).toMatchObject({
      code: 'EMFILE',
      message: expect.stringMatching(
        /^create: too many open files: close namespaces and handles .* \((open|socket): EMFILE\)$/,
      ),
    });
    expect(found.created).toBeGreaterThan(5);
    expect(found.again).toBe(found.created);
  });

  test('a missing proc file system is named', () => {
    const mount = 'mount -t tmpfs nothing /proc && exec "$@"';
    expect(create(['unshare', '--mount', 'sh', '-c', mount, 'sh'], '1')).toMatchObject({
      created: 0,
      code: 'ENOENT',
      message: 'create: no proc file system is mounted on /proc (open: ENOENT)',
    });
  });
});
