import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { errnoText } from '../../lib/cli/ipvsadm/errno-texts.js';
import { kernelErrorText } from '../../lib/cli/ipvsadm/kernel-errors.js';
import type { CommandName } from '../../lib/ipvsadm/grammar/grammar.js';

const { errno } = constants;

/** The words of ipvsadm, as it was seen to print them when the kernel returned these errnos. */
const seen: readonly (readonly [keyof typeof errno, readonly CommandName[], string])[] = [
  ['EEXIST', ['add-service'], 'Service already exists'],
  ['EEXIST', ['add-server'], 'Destination already exists'],
  ['EEXIST', ['start-daemon'], 'Daemon has already run'],
  ['EEXIST', ['edit-service', 'flush', 'set'], 'File exists'],
  ['ENOENT', ['add-service', 'edit-service'], 'Scheduler or persistence engine not found'],
  ['ENOENT', ['edit-server', 'delete-server'], 'No such destination'],
  ['ENOENT', ['flush', 'zero'], 'No such file or directory'],
  ['ESRCH', ['edit-service', 'delete-service', 'zero', 'list'], 'No such service'],
  ['ESRCH', ['add-server', 'edit-server', 'delete-server'], 'Service not defined'],
  ['ESRCH', ['stop-daemon'], 'No daemon is running'],
  ['ESRCH', ['flush'], 'No such process'],
  ['EPERM', ['add-service', 'flush', 'list'], 'Permission denied (you must be root)'],
  [
    'EINVAL',
    ['add-server', 'set'],
    'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ],
  ['ENOPROTOOPT', ['flush'], 'Protocol not available'],
  ['ENOMEM', ['add-service'], 'Memory allocation problem'],
  ['EOPNOTSUPP', ['add-service'], 'Operation not supported with IPv6'],
  ['EAFNOSUPPORT', ['add-server'], 'Operation not supported with specified address family'],
  ['EMSGSIZE', ['list'], 'Module is wrong version'],
  ['ERANGE', ['add-server'], 'Numerical result out of range'],
  ['ENODEV', ['start-daemon'], 'No such device'],
];

test.each(seen)('%s of %j is %j', (name, commands, text) => {
  for (const command of commands) expect(kernelErrorText(command, errno[name])).toBe(text);
});

test('an errno that Linux does not have has a number', () => {
  expect(errnoText(41)).toBe('Unknown error 41');
  expect(errnoText(512)).toBe('Unknown error 512');
});
