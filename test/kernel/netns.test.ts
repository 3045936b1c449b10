import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { Ipvs, Links } from 'ipvs';
import { afterAll, describe, expect, test } from 'vitest';
import { countSockets, inheritedFiles } from './helpers/descriptors.js';
import { Namespace, run } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';

const namespaces: Namespace[] = [];
afterAll(() => {
  for (const namespace of namespaces) namespace.delete();
});

function make(): Namespace {
  const namespace = new Namespace();
  namespaces.push(namespace);
  return namespace;
}

/** The namespaces that the threads of this process are in. */
async function threadNamespaces(): Promise<Set<string>> {
  const tasks = await readdir('/proc/self/task');
  const links = tasks.map((task) => readlink(`/proc/self/task/${task}/ns/net`).catch(() => ''));
  return new Set((await Promise.all(links)).filter((link) => link !== ''));
}

/** Leaves a mark of its own in every part that a handle reaches. */
async function mark(ipvs: Ipvs, number: number): Promise<void> {
  await Promise.all([
    ipvs.addService({ fwmark: number }),
    ipvs.links.ensureDummy(`vip${number}`),
    ipvs.links.addAddress('lo', `10.96.${number}.1/32`),
    ipvs.sysctls.set({ connReuseMode: number % 2 }),
  ]);
}

async function marks(ipvs: Ipvs) {
  const [services, links, addresses, { connReuseMode }, counts] = await Promise.all([
    ipvs.listServices(),
    ipvs.links.listLinks({ kind: 'dummy' }),
    ipvs.links.listAddresses('lo', { family: 'ipv4' }),
    ipvs.sysctls.get(),
    ipvs.countConnections(),
  ]);
  return {
    marks: services.map((service) => ('fwmark' in service ? service.fwmark : 0)),
    links: links.map(({ name }) => name),
    addresses: addresses.map(({ address }) => address),
    connReuseMode,
    connections: counts.map(({ count }) => count),
  };
}

const expected = (number: number) => ({
  marks: [number],
  links: [`vip${number}`],
  addresses: ['127.0.0.1', `10.96.${number}.1`],
  connReuseMode: number % 2,
  connections: [0],
});

test('50 handles in 50 namespaces each see only their own namespace', async () => {
  const COUNT = 50;
  const before = countSockets();
  const inside = await threadNamespaces();
  const made = Array.from({ length: COUNT }, make);
  const handles = await Promise.all(made.map(({ path }) => Ipvs.open({ netns: path })));
  await Promise.all(handles.map((handle, index) => mark(handle, index + 1)));
  expect(await Promise.all(handles.map(marks))).toEqual(
    handles.map((_, index) => expected(index + 1)),
  );
  // Threads of the addon that entered other namespaces have ended. A joined thread may still be listed
  // for a moment.
  await until(threadNamespaces, (now) => [...now].every((netns) => inside.has(netns)));
  expect(made[6]?.ip('-br', 'link', 'show', 'type', 'dummy')).toMatch(/^vip7 /);
  await Promise.all(handles.map((handle) => handle.close()));
  expect(countSockets()).toBe(before);
});

describe('a handle can be opened by', () => {
  test('a process in the namespace, and outlives it', async () => {
    const namespace = make();
    const child = spawn('ip', ['netns', 'exec', namespace.name, 'sleep', '60']);
    const pid = child.pid ?? expect.unreachable();
    // ip enters before it becomes sleep.
    const own = await readlink('/proc/self/ns/net');
    while ((await readlink(`/proc/${pid}/ns/net`)) === own) await new Promise(setImmediate);
    await using ipvs = await Ipvs.open({ netns: { pid } });
    child.kill();
    await once(child, 'exit');
    // The handle has the namespace, not the process.
    await mark(ipvs, 3);
    expect(await marks(ipvs)).toEqual(expected(3));
    expect(namespace.saved()).toEqual(['-A -f 3 -s wlc']);
  });

  test('a descriptor that is closed at once', async () => {
    const namespace = make();
    const fd = openSync(namespace.path, 'r');
    const opening = Ipvs.open({ netns: { fd } });
    closeSync(fd);
    await using ipvs = await opening;
    await mark(ipvs, 4);
    expect(await marks(ipvs)).toEqual(expected(4));
    expect(namespace.saved()).toEqual(['-A -f 4 -s wlc']);
  });

  test('no file but a network namespace', async () => {
    const fd = openSync('/dev/null', 'r');
    for (const open of [Ipvs.open, Links.open]) {
      await expect(open({ netns: { pid: 2 ** 22 + 1 } })).rejects.toMatchObject({
        code: 'ENOENT',
        message: 'open /proc/4194305/ns/net: there is no such network namespace (open: ENOENT)',
      });
      await expect(open({ netns: { fd } })).rejects.toMatchObject({
        code: 'EINVAL',
        message: `open descriptor ${fd}: it is not a network namespace (setns: EINVAL)`,
      });
      await expect(open({ netns: { fd: 999_999 } })).rejects.toMatchObject({
        code: 'EBADF',
        message: 'open descriptor 999999: there is no such open descriptor (fcntl: EBADF)',
      });
    }
    closeSync(fd);
  });
});

test('a deleted namespace stays usable by an open handle and cannot be opened again', async () => {
  const namespace = new Namespace();
  const ipvs = await Ipvs.open({ netns: namespace.path });
  namespace.delete();
  await mark(ipvs, 5);
  expect(await marks(ipvs)).toEqual(expected(5));
  await expect(Ipvs.open({ netns: namespace.path })).rejects.toMatchObject({
    code: 'ENOENT',
    message: `open ${namespace.path}: there is no such network namespace (open: ENOENT)`,
  });
  await ipvs.flush();
  await ipvs.close();
});

describe('without privileges', () => {
  const attempt = (wrapper: readonly string[], ...args: string[]) =>
    JSON.parse(
      run(wrapper[0] ?? '', [
        ...wrapper.slice(1),
        process.execPath,
        programPath('links.mjs'),
        ...args,
      ]),
    );

  test('opening another namespace names the missing capability', () => {
    const namespace = make();
    const wrapper = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-all'];
    expect(attempt(wrapper, namespace.path)).toMatchObject({
      code: 'EPERM',
      message: `open ${namespace.path}: CAP_SYS_ADMIN is needed to enter another network namespace (setns: EPERM)`,
    });
  });

  test('links can be read but not changed', () => {
    const wrapper = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-all'];
    expect(attempt(wrapper, '')).toMatchObject({
      code: 'EPERM',
      listed: true,
      message: expect.stringContaining(
        'CAP_NET_ADMIN in the user namespace that owns the network namespace is needed (EPERM)',
      ),
    });
  });

  test('links can be changed in a user namespace of its own', () => {
    expect(attempt(['unshare', '--user', '--map-root-user', '--net'], '')).toEqual({
      listed: true,
      done: ['vip0', '10.96.0.1'],
    });
  });
});

test('programs that the process starts inherit no file of a handle', async () => {
  const namespace = make();
  const before = inheritedFiles();
  const descriptor = openSync(namespace.path, 'r');
  const handles = await Promise.all([
    Ipvs.open({ netns: namespace.path }),
    Ipvs.open({ netns: { fd: descriptor } }),
    Links.open({ netns: namespace.path }),
  ]);
  closeSync(descriptor);
  const [ipvs, other, links] = handles;
  try {
    const sockets = countSockets();
    // Links are connected by the first call.
    await Promise.all([ipvs.links.listLinks(), other.links.listLinks(), links.listLinks()]);
    const watchers = [ipvs.links.watch(), links.watch()];
    expect(countSockets()).toBe(sockets + 4);
    expect(inheritedFiles()).toEqual(before);
    for (const watcher of watchers) await watcher.return();
  } finally {
    for (const handle of handles) await handle.close();
  }
});
