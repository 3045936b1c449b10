/**
 * The values of options: how each is read, with ipvsadm's words for what it refuses.
 * @module
 */
import { AF_INET, AF_INET6, describeAddress, parseAddress } from '../../core/address.js';
import { MAX_INT } from '../../ipvs/encode-destination.js';
import { MAX_MARK, MAX_PORT } from '../../ipvs/keys.js';
import { type Protocol, type TunnelChecksum, tunnelTypes } from '../../ipvs/names.js';
import { HOST_MASKS, MAX_TIMEOUT } from '../../ipvs/persistence.js';
import { CommandLineError } from './command-line-error.js';
import { type Reading, readEndpoint, readHost } from './endpoint.js';
import type { OptionName } from './grammar.js';
import type { Draft } from './invocation.js';
import { readIpv6, readNumber } from './numbers.js';

/**
 * Reads an option into a command line.
 * @param value the value; '' of an option without one, undefined of `-p` without seconds
 */
type Reader = (draft: Draft, value: string | undefined, reading: Reading) => void;

const DEFAULT_TIMEOUT = 360;

/** Returns a reader that changes nothing but the topics of a command line. */
const nothing: Reader = () => undefined;

/** Returns the reader of a number. */
function number(
  message: string,
  [min, max]: readonly [min: number, max: number],
  set: (draft: Draft, value: number) => void,
): Reader {
  const rule = `is not an integer from ${min} to ${max}`;
  return (draft, value = '') => {
    const read = readNumber(value, min, max);
    if (read === undefined) throw new CommandLineError(message, { rule });
    set(draft, read);
  };
}

const ENDPOINT = 'HOST, HOST:PORT, an IPv6 address, or [IPV6]:PORT';

/** Returns the reader of a service with an address. */
const address =
  (protocol: Protocol): Reader =>
  ({ service }, value = '', reading) => {
    service.protocol = protocol;
    const endpoint = readEndpoint(value, protocol, reading);
    if (endpoint === undefined) {
      const rule = `is not the address of a service: ${ENDPOINT}`;
      throw new CommandLineError('illegal virtual server address[:port] specified', { rule });
    }
    service.family = endpoint.family;
    service.address = endpoint.address;
    service.port = endpoint.port ?? 0;
    if (service.family === 'ipv6') service.netmask = HOST_MASKS.ipv6;
  };

const firewallMark: Reader = ({ service }, value = '') => {
  const mark = readNumber(value, 1, MAX_MARK);
  if (mark === undefined) {
    const rule = `is not a firewall mark: an integer from 1 to ${MAX_MARK}`;
    throw new CommandLineError(`invalid fwmark value \`${value}' specified`, { rule });
  }
  service.fwmark = mark;
};

const ipv6: Reader = ({ service }) => {
  if (service.fwmark === 0) {
    const rule = 'goes behind -f: it says that a firewall mark is of IPv6';
    throw new CommandLineError('-6 used before -f\n', { rule });
  }
  service.family = 'ipv6';
  service.netmask = HOST_MASKS.ipv6;
};

const persistent: Reader = ({ service }, value) => {
  service.persistent = true;
  service.timeout = value === undefined ? DEFAULT_TIMEOUT : readTimeout(value, 1);
};

/** Returns a number of seconds. */
export function readTimeout(text: string, min: 0 | 1): number {
  const seconds = readNumber(text, min, MAX_TIMEOUT);
  if (seconds !== undefined) return seconds;
  const rule = `is not a timeout: an integer from ${min} to ${MAX_TIMEOUT} seconds`;
  throw new CommandLineError(`invalid timeout value \`${text}' specified`, { rule });
}

const netmask: Reader = ({ service }, value = '', { resolve }) => {
  if (service.family === 'ipv6') {
    // As with atoi(), what follows the digits is ignored.
    const [digits = ''] = /^\s*[+-]?\d+/.exec(value) ?? [];
    const prefix = readNumber(digits, 1, HOST_MASKS.ipv6);
    const rule = 'is not a prefix length of IPv6: an integer from 1 to 128';
    if (prefix === undefined)
      throw new CommandLineError('illegal ipv6 netmask specified', { rule });
    service.netmask = prefix;
    return;
  }
  const mask = readHost(value, resolve);
  if (mask === undefined || mask.includes(':')) {
    const rule = 'is not a dotted mask such as 255.255.255.0';
    throw new CommandLineError('illegal virtual server persistent mask specified', { rule });
  }
  service.netmask = mask;
};

const realServer: Reader = ({ service, destination }, value = '', reading) => {
  // The names of a firewall mark's ports are those of tcp.
  const protocol = service.fwmark === 0 ? service.protocol : 'tcp';
  const endpoint = readEndpoint(value, protocol, reading);
  if (endpoint === undefined) {
    const rule = `is not the address of a real server: ${ENDPOINT}`;
    throw new CommandLineError('illegal real server address[:port] specified', { rule });
  }
  destination.family = endpoint.family;
  destination.address = endpoint.address;
  destination.port = endpoint.port ?? service.port;
};

const tunnelType: Reader = ({ destination }, value) => {
  const { names } = tunnelTypes;
  const type = names.find((name) => name === value);
  const rule = `is not one of ${names.join(', ')}`;
  if (type === undefined) throw new CommandLineError('illegal tunnel type specified', { rule });
  destination.tunnelType = type;
};

/** Returns the reader of a checksum. */
const checksum =
  (name: TunnelChecksum): Reader =>
  ({ destination }) => {
    destination.tunnelChecksum = name;
  };

/** Returns the reader of a method of forwarding. */
const forwarding =
  (name: 'direct' | 'tunnel' | 'masquerade'): Reader =>
  ({ destination }) => {
    destination.forwarding = name;
  };

const group: Reader = ({ daemon }, value = '') => {
  const bytes = new Uint8Array(16);
  const family = parseAddress(value, bytes, 0);
  const wanted = value.includes(':') ? AF_INET6 : AF_INET;
  if (family !== wanted || describeAddress(bytes, 0, family) !== 'a multicast address') {
    const version = wanted === AF_INET6 ? 6 : 4;
    const rule = 'is not a multicast address';
    throw new CommandLineError(`invalid IPv${version} mcast-group \`${value}'`, { rule });
  }
  daemon.group = wanted === AF_INET6 ? (readIpv6(value) ?? value) : value;
};

/** The reader of each option. */
export const READERS: Readonly<Record<OptionName, Reader>> = {
  'tcp-service': address('tcp'),
  'udp-service': address('udp'),
  'sctp-service': address('sctp'),
  'fwmark-service': firewallMark,
  ipv6,
  scheduler: ({ service }, value = '') => {
    service.scheduler = value.slice(0, 15);
  },
  persistent,
  netmask,
  pe: ({ service }, value = '') => {
    service.engine = value.slice(0, 16);
  },
  // The flags depend on the scheduler, which may come later: check-invocation.ts.
  'sched-flags': nothing,
  ops: ({ service }) => {
    service.onePacket = true;
  },
  'real-server': realServer,
  gatewaying: forwarding('direct'),
  ipip: forwarding('tunnel'),
  masquerading: forwarding('masquerade'),
  weight: number('illegal weight specified', [0, MAX_INT], ({ destination }, value) => {
    destination.weight = value;
  }),
  'u-threshold': number('illegal u_threshold specified', [0, MAX_INT], ({ destination }, value) => {
    destination.upperThreshold = value;
  }),
  'l-threshold': number('illegal l_threshold specified', [0, MAX_INT], ({ destination }, value) => {
    destination.lowerThreshold = value;
  }),
  'tun-type': tunnelType,
  'tun-port': number('illegal tunnel port specified', [1, MAX_PORT], ({ destination }, value) => {
    destination.tunnelPort = value;
  }),
  'tun-nocsum': checksum('none'),
  'tun-csum': checksum('checksum'),
  'tun-remcsum': checksum('remote-checksum'),
  numeric: nothing,
  connection: nothing,
  timeout: nothing,
  daemon: nothing,
  stats: nothing,
  rate: nothing,
  thresholds: nothing,
  'persistent-conn': nothing,
  'tun-info': nothing,
  nosort: nothing,
  sort: nothing,
  exact: nothing,
  'mcast-interface': ({ daemon }, value = '') => {
    daemon.interface = value.slice(0, 15);
  },
  syncid: number('illegal syncid specified', [0, 255], ({ daemon }, value) => {
    daemon.syncId = value;
  }),
  'sync-maxlen': number('illegal sync-maxlen specified', [1, 65507], ({ daemon }, value) => {
    daemon.maxLength = value;
  }),
  'mcast-group': group,
  'mcast-port': number('illegal mcast-port specified', [1, MAX_PORT], ({ daemon }, value) => {
    daemon.port = value;
  }),
  'mcast-ttl': number('illegal mcast-ttl specified', [1, 255], ({ daemon }, value) => {
    daemon.ttl = value;
  }),
};
