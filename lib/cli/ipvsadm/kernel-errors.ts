/**
 * The words of ipvsadm for what the kernel refuses.
 * @module
 */
import type { CommandName } from '../../ipvsadm/grammar/grammar.js';
import { errnoText } from './errno-texts.js';

const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const ENOMEM = 12;
const EEXIST = 17;
const EINVAL = 22;
const EMSGSIZE = 90;
const ENOPROTOOPT = 92;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;

const NO_SERVICE = 'No such service';
const NOT_DEFINED = 'Service not defined';
const NO_DESTINATION = 'No such destination';
const NO_SCHEDULER = 'Scheduler or persistence engine not found';

/** The words for an errno of a command. */
const OF_COMMAND: Readonly<Partial<Record<CommandName, Readonly<Record<number, string>>>>> = {
  'add-service': { [EEXIST]: 'Service already exists', [ENOENT]: NO_SCHEDULER },
  'edit-service': { [ESRCH]: NO_SERVICE, [ENOENT]: NO_SCHEDULER },
  'delete-service': { [ESRCH]: NO_SERVICE },
  'add-server': { [EEXIST]: 'Destination already exists', [ESRCH]: NOT_DEFINED },
  'edit-server': { [ENOENT]: NO_DESTINATION, [ESRCH]: NOT_DEFINED },
  'delete-server': { [ENOENT]: NO_DESTINATION, [ESRCH]: NOT_DEFINED },
  zero: { [ESRCH]: NO_SERVICE },
  list: { [ESRCH]: NO_SERVICE },
  'start-daemon': { [EEXIST]: 'Daemon has already run' },
  'stop-daemon': { [ESRCH]: 'No daemon is running' },
};

/** The words for an errno of any command. */
const OF_ANY: Readonly<Record<number, string>> = {
  [EPERM]: 'Permission denied (you must be root)',
  [EINVAL]: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  [ENOPROTOOPT]: 'Protocol not available',
  [ENOMEM]: 'Memory allocation problem',
  [EOPNOTSUPP]: 'Operation not supported with IPv6',
  [EAFNOSUPPORT]: 'Operation not supported with specified address family',
  [EMSGSIZE]: 'Module is wrong version',
};

/** Returns the words for an errno with which the kernel has refused a command. */
export function kernelErrorText(command: CommandName | undefined, errno: number): string {
  const ofCommand = command === undefined ? undefined : OF_COMMAND[command]?.[errno];
  return ofCommand ?? OF_ANY[errno] ?? errnoText(errno);
}

/** The errno of a kernel without IPVS: the addon reports that there is no such family. */
export const openingErrno = (errno: number) => (errno === ENOENT ? ENOPROTOOPT : errno);
