import { beforeEach, describe, expect, test, vi } from 'vitest';
import { diagnose, Ipvs, Links, Namespace } from '../../lib/index.js';
import { addon, resetAddon } from './helpers/fake-addon.js';
import { expectInputError, type InvalidArgument, thrownBy } from './helpers/requests.js';

vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'));

beforeEach(resetAddon);

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return expect.unreachable('it was accepted');
}

describe('create', () => {
  test.each([
    { args: [], loopback: true },
    { args: [undefined], loopback: true },
    { args: [{}], loopback: true },
    { args: [{ loopback: undefined }], loopback: true },
    { args: [{ loopback: true }], loopback: true },
    { args: [{ loopback: false }], loopback: false },
  ])('takes $args', async ({ args, loopback }) => {
    const namespace = await Namespace.create(...args);
    expect(addon.namespaces.get(namespace.fd)).toEqual({ loopback, isClosed: false });
    expect(namespace.path).toBe(`/proc/7/fd/${namespace.fd}`);
  });

  test.each<Omit<InvalidArgument, 'call'> & { args: readonly unknown[] }>([
    { args: [null], kind: 'type', property: 'options', value: 'null', rule: 'is not an object' },
    { args: [true], kind: 'type', property: 'options', value: 'true', rule: 'is not an object' },
    { args: ['x'], kind: 'type', property: 'options', value: "'x'", rule: 'is not an object' },
    {
      args: [{ loopback: 'up' }],
      kind: 'type',
      property: 'options.loopback',
      value: "'up'",
      rule: 'is not a boolean',
    },
    {
      args: [{ loopback: null }],
      kind: 'type',
      property: 'options.loopback',
      value: 'null',
      rule: 'is not a boolean',
    },
    {
      args: [{ lo: true }],
      kind: 'value',
      property: 'options.lo',
      value: "'lo'",
      rule: 'is not a known property: did you mean loopback?',
    },
    {
      args: [{ name: 'blue' }],
      kind: 'value',
      property: 'options.name',
      value: "'name'",
      rule: 'is not a known property: one of loopback',
    },
    {
      args: [{}, {}],
      kind: 'value',
      property: 'argument 2',
      value: '{}',
      rule: 'is one too many: this operation takes at most 1 argument',
    },
  ])('refuses $args, and creates nothing', async ({ args, ...expected }) => {
    const create = Namespace.create as (...given: readonly unknown[]) => Promise<unknown>;
    const error = await failure(create(...args));
    expectInputError(error, { subject: 'create', ...expected });
    expect(error).toMatchObject({ operation: 'create', target: '' });
    expect(addon.namespaces.size).toBe(0);
  });

  const refused = (syscall: string, errno: number) => () => {
    throw Object.assign(new Error(syscall), { errno, syscall, text: '' });
  };

  test.each([
    {
      failed: refused('unshare', 1),
      code: 'EPERM',
      message:
        /^create: CAP_SYS_ADMIN is needed .*sudo.*--privileged.*--cap-add SYS_ADMIN.*unshare --user --map-root-user" \(unshare: EPERM\)$/,
    },
    {
      failed: refused('unshare', 28),
      code: 'ENOSPC',
      message:
        /^create: the limit of network namespaces .*max_net_namespaces.*\(unshare: ENOSPC\)$/,
    },
    {
      failed: refused('unshare', 22),
      code: 'EINVAL',
      message: /^create: the kernel was built without network namespaces .*\(unshare: EINVAL\)$/,
    },
    {
      failed: refused('open', 24),
      code: 'EMFILE',
      message: /^create: too many open files: close namespaces .*ulimit -n.*\(open: EMFILE\)$/,
    },
    {
      failed: refused('socket', 24),
      code: 'EMFILE',
      message: /^create: too many open files: close namespaces .*ulimit -n.*\(socket: EMFILE\)$/,
    },
    {
      failed: refused('socket', 1),
      code: 'EPERM',
      message:
        /^create: netlink sockets are not allowed here: a seccomp filter .*\(socket: EPERM\)$/,
    },
    {
      failed: refused('open', 2),
      code: 'ENOENT',
      message: /^create: no proc file system is mounted on \/proc \(open: ENOENT\)$/,
    },
    {
      failed: refused('RTM_SETLINK', 1),
      code: 'EPERM',
      message: /^create: CAP_NET_ADMIN is needed .*\{ loopback: false \} \(RTM_SETLINK: EPERM\)$/,
    },
    {
      failed: refused('pthread_create', 11),
      code: 'EAGAIN',
      message: /^create: no thread can be started: .*\(pthread_create: EAGAIN\)$/,
    },
    {
      failed: () => {
        throw new Error('std::bad_alloc');
      },
      code: 'ENOMEM',
      message: /^create: the process has no memory for it \(ENOMEM\)$/,
    },
  ])('explains $code: $message', async ({ failed, code, message }) => {
    addon.create = failed;
    const error = await failure(Namespace.create());
    expect(error).toMatchObject({ name: 'IpvsError', code, operation: 'create', target: '' });
    expect((error as Error).message).toMatch(message);
    const { stack } = error as Error;
    expect(stack).toContain('namespace.test.ts');
    expect(stack).not.toContain('/lib/');
  });
});

describe('close', () => {
  test.each([
    { way: 'close()', close: (namespace: Namespace) => namespace.close() },
    { way: '`using`', close: (namespace: Namespace) => namespace[Symbol.dispose]() },
    { way: '`await using`', close: (namespace: Namespace) => namespace[Symbol.asyncDispose]() },
  ])('by $way closes the descriptor once, however often it is called', async ({ close }) => {
    const namespace = await Namespace.create();
    const { fd } = namespace;
    // The fake addon fails the test if it is called twice.
    for (let time = 0; time < 3; time++) await close(namespace);
    expect(addon.namespaces.get(fd)).toMatchObject({ isClosed: true });
  });

  test('makes the descriptor and the path unavailable, with an error at the caller', async () => {
    const namespace = await Namespace.create();
    namespace.close();
    for (const property of ['fd', 'path'] as const) {
      const error = thrownBy(() => namespace[property]);
      expect(error).toMatchObject({
        name: 'IpvsError',
        code: 'ERR_IPVS_CLOSED',
        operation: property,
        message: `${property}: the namespace is closed`,
      });
      expect((error as Error).stack?.split('\n')[1]).toContain('namespace.test.ts');
    }
  });
});

test('the constructor throws', () => {
  const make = () => Reflect.construct(Namespace, [Symbol('Namespace')]);
  expect(make).toThrow('Illegal constructor: use Namespace.create()');
});

describe('as an option', () => {
  const openers = [
    { name: 'Ipvs.open', subject: 'open', open: Ipvs.open },
    { name: 'Links.open', subject: 'open', open: Links.open },
    { name: 'diagnose', subject: 'diagnose', open: diagnose },
  ] as readonly {
    name: string;
    subject: string;
    open: (options: { netns: unknown }) => Promise<unknown>;
  }[];

  test.each(openers)('$name takes a namespace by its descriptor', async ({ open }) => {
    const namespace = await Namespace.create();
    await open({ netns: namespace });
    expect(addon.opened).toEqual([namespace.fd]);
  });

  test.each(openers)('$name opens a namespace that is closed at once', async ({ open }) => {
    const namespace = await Namespace.create();
    const { fd } = namespace;
    const held: unknown[] = [];
    addon.hold = (each) => held.push([each, addon.namespaces.get(each)?.isClosed]);
    const opening = open({ netns: namespace });
    namespace.close();
    await opening;
    expect(held).toEqual([[fd, false]]);
    expect(addon.opened).toEqual([fd]);
  });

  test.each(openers)('$name refuses what is no open namespace', async ({ subject, open }) => {
    const closed = await Namespace.create();
    closed.close();
    const bad = { subject, property: 'options.netns' };
    expectInputError(await failure(open({ netns: closed })), {
      ...bad,
      kind: 'value',
      value: 'Namespace {}',
      rule: 'is closed',
    });
    expectInputError(await failure(open({ netns: Promise.resolve(closed) })), {
      ...bad,
      kind: 'type',
      value: 'Promise { Namespace {} }',
      rule: '{ pid } or { fd }: await the promise first',
    });
    for (const netns of [Namespace, Object.create(Namespace.prototype), new Proxy(closed, {})]) {
      expectInputError(await failure(open({ netns })), {
        ...bad,
        kind: 'type',
        value: netns === Namespace ? '[class Namespace]' : 'Namespace {}',
        rule: 'is not a Namespace',
      });
    }
    expect(addon.opened).toEqual([]);
  });
});
