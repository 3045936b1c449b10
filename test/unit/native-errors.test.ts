import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import {
  exchangeError,
  fileError,
  nativeCallError,
  openingError,
} from '../../lib/native/native-errors.js';
import { host, usualHost } from './helpers/host-modules.js';
import { type ErrnoName, expectReadable, numberOf } from './helpers/readable-errors.js';

vi.mock('../../lib/native/kernel-modules.js', { spy: true });
usualHost();
afterEach(usualHost);

/** Returns an error as csrc/binding/error.cc makes it. */
const native = (syscall: string, code: ErrnoName) =>
  Object.assign(new Error(syscall), { errno: numberOf(code), syscall, text: '' });

describe('openingError', () => {
  test.each([
    [
      'CTRL_CMD_GETFAMILY',
      'ENOENT',
      '',
      'ERR_IPVS_UNAVAILABLE',
      /^open: the kernel has no IPVS: .*modprobe ip_vs.*CONFIG_IP_VS$/,
    ],
    [
      'IPVS_CMD_GET_INFO',
      'EPERM',
      '',
      'EPERM',
      /^open: CAP_NET_ADMIN in the initial user namespace.*\(IPVS_CMD_GET_INFO: EPERM\)$/,
    ],
    [
      'open',
      'ENOENT',
      '/run/netns/x',
      'ENOENT',
      /^open \/run\/netns\/x: there is no such network namespace \(open: ENOENT\)$/,
    ],
    ['open', 'EACCES', '/run/netns/x', 'EACCES', /^open \/run\/netns\/x: .*may not be opened/],
    [
      'setns',
      'EINVAL',
      '/etc/passwd',
      'EINVAL',
      /^open \/etc\/passwd: it is not a network namespace/,
    ],
    [
      'setns',
      'EPERM',
      '/proc/1/ns/net',
      'EPERM',
      /^open \/proc\/1\/ns\/net: CAP_SYS_ADMIN is needed/,
    ],
    ['socket', 'EMFILE', '', 'EMFILE', /^open: too many open files \(socket: EMFILE\)$/],
    ['recvmmsg', 'ETIMEDOUT', '', 'ETIMEDOUT', /^open: the kernel did not answer in time/],
    ['CTRL_CMD_GETFAMILY', 'EBADMSG', '', 'EBADMSG', /^open: the kernel's response was malformed/],
    [
      'socket',
      'EPROTONOSUPPORT',
      '',
      'EPROTONOSUPPORT',
      /^open: there is no generic netlink here: .*\(socket: EPROTONOSUPPORT\)$/,
    ],
    ['socket', 'EPERM', '', 'EPERM', /^open: netlink sockets are not allowed here: .*seccomp/],
    ['socket', 'EAFNOSUPPORT', '', 'EAFNOSUPPORT', /^open: netlink sockets are not allowed here/],
    ['bind', 'EACCES', '', 'EACCES', /^open: netlink sockets are not allowed here/],
    ['CTRL_CMD_GETFAMILY', 'EPERM', '', 'EPERM', /^open: netlink sockets are not allowed here/],
  ] as const)('%s: %s', (syscall, errno, netns, code, words) => {
    const cause = native(syscall, errno);
    const error = openingError(cause, netns);
    expect(error).toBeInstanceOf(IpvsError);
    const expected = {
      code,
      errno: -numberOf(errno),
      syscall,
      operation: 'open',
      target: netns,
      cause,
    };
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(words);
    expectReadable(error);
  });

  test('returns any other error unchanged', () => {
    const error = new Error('something else');
    expect(openingError(error, '')).toBe(error);
    expect(openingError('text', '')).toMatchObject({ message: 'text' });
  });
});

test.each([
  [{ loader: '' }, /module ip_vs is not loaded, and .*kernel.modprobe is empty.*modprobe ip_vs/],
  [{ forbidden: true }, /module ip_vs is not loaded, and kernel.modules_disabled forbids/],
  [{}, /the kernel has no IPVS: .*modprobe ip_vs.*CONFIG_IP_VS$/],
  [{ onDisk: true }, /module ip_vs is on disk, but the kernel could not load it: see what modp/],
  [
    { onDisk: true, loader: '/bin/false' },
    /could not load it by \/bin\/false \(kernel.modprobe\): load it with modprobe ip_vs$/,
  ],
  [{ onDisk: true, loader: '' }, /module ip_vs is not loaded, and .*kernel.modprobe is empty/],
  // It is being unloaded.
  [{ onDisk: true, loaded: ['ip_vs'] }, /the kernel has no IPVS/],
  [{ loader: '', loaded: ['ip_vs'] }, /the kernel has no IPVS/],
])('openingError gives the reason why IPVS is missing: %j', (facts, words) => {
  host(facts);
  expect(openingError(native('CTRL_CMD_GETFAMILY', 'ENOENT'), '')).toMatchObject({
    code: 'ERR_IPVS_UNAVAILABLE',
    message: expect.stringMatching(words),
  });
});

test('nativeCallError calls a missing file of IPVS a missing IPVS', () => {
  expect(nativeCallError(native('open', 'ENOENT'), 'connections')).toMatchObject({
    code: 'ERR_IPVS_UNAVAILABLE',
    message: expect.stringMatching(/^connections: the kernel has no IPVS/),
  });
  expect(nativeCallError(native('open', 'EACCES'), 'connections')).toMatchObject({
    code: 'EACCES',
    message: 'connections: permission denied (open: EACCES)',
  });
});

test('nativeCallError says that a table was resized', () => {
  const error = nativeCallError(native('read', 'EINTR'), 'connections');
  expect(error).toMatchObject({ code: 'EINTR', syscall: 'read' });
  expectReadable(error as Error);
  expect((error as Error).message).toMatch(
    /^connections: the kernel resized the connection table .* read it again \(read: EINTR\)$/,
  );
});

test('exchangeError does not know the outcome, unless the error is a native one', () => {
  const cause = new RangeError('Array buffer allocation failed');
  expect(exchangeError(cause, 'addService')).toMatchObject({
    code: 'ERR_IPVS_OUTCOME_UNKNOWN',
    message:
      'addService: its batch failed (Array buffer allocation failed): it may have taken effect',
    cause,
  });
  expect(exchangeError(native('socket', 'EMFILE'), 'addService')).toMatchObject({
    code: 'EMFILE',
    message: 'addService: too many open files (socket: EMFILE)',
  });
});

test('fileError names the file', () => {
  expect(fileError('getStats', '/proc/net/ip_vs_stats', constants.errno.EACCES)).toMatchObject({
    code: 'EACCES',
    errno: -constants.errno.EACCES,
    syscall: 'open',
    target: '/proc/net/ip_vs_stats',
    message: 'getStats: /proc/net/ip_vs_stats: permission denied (EACCES)',
  });
});

test('nativeCallError returns ENOMEM if the addon has no memory, and any other error unchanged', () => {
  const cause = new Error('std::bad_alloc');
  expect(nativeCallError(cause, 'connections')).toMatchObject({
    name: 'IpvsError',
    code: 'ENOMEM',
    errno: -constants.errno.ENOMEM,
    operation: 'connections',
    message: 'connections: the process has no memory for it (ENOMEM)',
    cause,
  });
  const other = new Error('another');
  expect(nativeCallError(other, 'connections')).toBe(other);
});
