/**
 * The messages for the errnos of IPVS's commands: the kernel sends only the number.
 * @module
 */
import type { Missing } from '../core/errors.js';
import type { OperationName } from '../native/addon.js';
import { destinationCauses, type IpvsRequestFacts, missingModule } from './errno-causes.js';

/** The meaning of an errno; a function, where it depends on the request. */
export type Meaning = string | ((request: IpvsRequestFacts) => string);

/** The kernel command of an operation, and the messages for its errnos, by name. */
export interface ErrnoMessages {
  /** The command that fails, as ip_vs.h calls it. */
  readonly kernelCommand: string;
  /** The command by which an ensure creates; default: the same. */
  readonly creation?: string;
  /** The meanings of the errnos for this operation. */
  readonly meanings: Readonly<Record<string, Meaning>>;
  /** The object that does not exist, by the errno that says so. */
  readonly missing?: Readonly<Record<string, Missing>>;
  /** True if the operation changes nothing. */
  readonly isQuery?: true;
}

const NO_SERVICE = 'there is no such service';
const NO_DESTINATION = 'the service has no such destination';
const SERVICE_KEEPS_CHANGING = 'another program keeps adding and deleting the service';
const DESTINATION_KEEPS_CHANGING = 'another program keeps adding and deleting the destination';

const MISSING_SERVICE = { ESRCH: 'service' } as const;
const MISSING_EITHER = { ESRCH: 'service', ENOENT: 'destination' } as const;

const SET_SERVICE = {
  EINVAL: 'the kernel does not accept the settings of the service',
  ENOENT: missingModule,
};
const SET_DESTINATION = {
  EINVAL: destinationCauses,
  ERANGE: 'the weight is negative or the lower threshold above the upper',
  ESRCH: `${NO_SERVICE}: add it first`,
};

/** The messages, by operation. */
export const IPVS_ERRNO_MESSAGES: Readonly<Record<OperationName, ErrnoMessages>> = {
  addService: {
    kernelCommand: 'IPVS_CMD_NEW_SERVICE',
    meanings: {
      ...SET_SERVICE,
      EEXIST: 'the service exists already: use updateService or ensureService',
    },
  },
  updateService: {
    kernelCommand: 'IPVS_CMD_SET_SERVICE',
    meanings: { ...SET_SERVICE, ESRCH: `${NO_SERVICE}: use addService or ensureService` },
    missing: MISSING_SERVICE,
  },
  ensureService: {
    kernelCommand: 'IPVS_CMD_SET_SERVICE',
    creation: 'IPVS_CMD_NEW_SERVICE',
    meanings: {
      ...SET_SERVICE,
      EEXIST: SERVICE_KEEPS_CHANGING,
      ESRCH: SERVICE_KEEPS_CHANGING,
    },
  },
  setService: {
    kernelCommand: 'IPVS_CMD_SET_SERVICE',
    meanings: { ...SET_SERVICE, ESRCH: SERVICE_KEEPS_CHANGING },
    missing: MISSING_SERVICE,
  },
  deleteService: {
    kernelCommand: 'IPVS_CMD_DEL_SERVICE',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  getService: {
    kernelCommand: 'IPVS_CMD_GET_SERVICE',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
    isQuery: true,
  },
  listServices: { kernelCommand: 'IPVS_CMD_GET_SERVICE', meanings: {}, isQuery: true },
  addDestination: {
    kernelCommand: 'IPVS_CMD_NEW_DEST',
    meanings: {
      ...SET_DESTINATION,
      EEXIST: 'the destination exists already: use updateDestination or ensureDestination',
    },
    missing: MISSING_SERVICE,
  },
  updateDestination: {
    kernelCommand: 'IPVS_CMD_SET_DEST',
    meanings: {
      ...SET_DESTINATION,
      ENOENT: `${NO_DESTINATION}: use addDestination or ensureDestination`,
    },
    missing: MISSING_EITHER,
  },
  ensureDestination: {
    kernelCommand: 'IPVS_CMD_SET_DEST',
    creation: 'IPVS_CMD_NEW_DEST',
    meanings: {
      ...SET_DESTINATION,
      EEXIST: DESTINATION_KEEPS_CHANGING,
      ENOENT: DESTINATION_KEEPS_CHANGING,
    },
    missing: MISSING_SERVICE,
  },
  setDestination: {
    kernelCommand: 'IPVS_CMD_SET_DEST',
    meanings: { ...SET_DESTINATION, ENOENT: DESTINATION_KEEPS_CHANGING },
    missing: MISSING_EITHER,
  },
  deleteDestination: {
    kernelCommand: 'IPVS_CMD_DEL_DEST',
    meanings: { ESRCH: NO_SERVICE, ENOENT: NO_DESTINATION },
    missing: MISSING_EITHER,
  },
  getDestination: {
    kernelCommand: 'IPVS_CMD_GET_DEST',
    meanings: { ESRCH: NO_SERVICE, ENOENT: NO_DESTINATION },
    missing: MISSING_EITHER,
    isQuery: true,
  },
  listDestinations: {
    kernelCommand: 'IPVS_CMD_GET_DEST',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
    isQuery: true,
  },
  flush: { kernelCommand: 'IPVS_CMD_FLUSH', meanings: {} },
  getInfo: { kernelCommand: 'IPVS_CMD_GET_INFO', meanings: {}, isQuery: true },
  getTimeouts: { kernelCommand: 'IPVS_CMD_GET_CONFIG', meanings: {}, isQuery: true },
  setTimeouts: {
    kernelCommand: 'IPVS_CMD_SET_CONFIG',
    meanings: {
      EINVAL:
        'a timeout is above the limit of this kernel: 2147483647 divided by its CONFIG_HZ, which ' +
        'is 8589934 seconds with 250 Hz',
    },
  },
  zero: {
    kernelCommand: 'IPVS_CMD_ZERO',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  listSyncDaemons: { kernelCommand: 'IPVS_CMD_GET_DAEMON', meanings: {}, isQuery: true },
  startSyncDaemon: {
    kernelCommand: 'IPVS_CMD_NEW_DAEMON',
    meanings: {
      EEXIST: 'a daemon of that role is running already: stop it first',
      ENODEV: ({ link }) => `there is no link ${link} in the network namespace`,
      ENETUNREACH: ({ link }) =>
        `there is no route to the multicast group: link ${link} must be up and have an address`,
      EADDRNOTAVAIL: ({ link }) => `link ${link} has no address to send from`,
      EINVAL:
        'the kernel does not accept the daemon; a destination of another address family than its ' +
        'service excludes sync daemons',
    },
  },
  stopSyncDaemon: {
    kernelCommand: 'IPVS_CMD_DEL_DAEMON',
    meanings: { ESRCH: 'no daemon of that role is running' },
  },
};
