/**
 * Requests of command lines. They are sent as they are written: unlike the library, ipvsadm leaves
 * it to the kernel to refuse what makes no sense.
 * @module
 */
import { AF_INET, AF_INET6, parseAddress, parseMask } from '../../core/address.js';
import type { RequestBuffer } from '../../ipvs/request-buffer.js';
import { schedulerFlags } from '../../ipvs/schedulers.js';
import type { CommandName } from '../../ipvsadm/grammar/grammar.js';
import type {
  GivenDaemon,
  GivenDestination,
  Invocation,
} from '../../ipvsadm/grammar/invocation.js';
import type { OperationName } from '../../native/addon.js';
import { layout } from '../../native/layout.js';

const { service: SERVICE, destination: DESTINATION, daemon: DAEMON, request } = layout;

/** The requests of commands, but of those that read or print. */
const REQUESTS: Readonly<Partial<Record<CommandName, OperationName>>> = {
  'add-service': 'addService',
  'edit-service': 'setService',
  'delete-service': 'deleteService',
  'add-server': 'addDestination',
  'edit-server': 'setDestination',
  'delete-server': 'deleteDestination',
  flush: 'flush',
  zero: 'zero',
  set: 'setTimeouts',
  'start-daemon': 'startSyncDaemon',
  'stop-daemon': 'stopSyncDaemon',
};

/** Returns true for a command that is one request, without a value. */
export const isChange = ({ command }: Invocation) => REQUESTS[command] !== undefined;

/** Adds the request of a command that changes something. */
export function encodeChange(requests: RequestBuffer, invocation: Invocation): void {
  const { command } = invocation;
  requests.begin(REQUESTS[command] ?? 'flush');
  if (command === 'set') encodeTimeouts(requests, invocation.timeouts);
  else if (command.endsWith('-daemon')) encodeDaemon(requests, invocation.daemon);
  else if (command !== 'flush') encodeObjects(requests, invocation);
  requests.commit();
}

function encodeObjects(requests: RequestBuffer, invocation: Invocation): void {
  const { command, service } = invocation;
  // -Z without a service, or with that of all zeros, zeroes all counters.
  const isUnnamed = service.fwmark === 0 && service.port === 0 && isUnspecified(service.address);
  if (command === 'zero' && isUnnamed) return;
  encodeServiceKey(requests, invocation);
  if (command === 'add-service' || command === 'edit-service') {
    encodeSettings(requests, invocation);
  }
  if (command.endsWith('-server')) encodeDestination(requests, invocation.destination);
}

const isUnspecified = (address: string) => address === '0.0.0.0' || address === '::';

/** Writes the key of a service into the request that was begun. */
export function encodeServiceKey(requests: RequestBuffer, { service }: Invocation): void {
  const { records } = requests;
  const base = requests.service();
  const { fields } = SERVICE;
  records.setU16(base, fields.family, service.family === 'ipv6' ? AF_INET6 : AF_INET);
  if (service.fwmark !== 0) {
    records.setU32(base, fields.fwmark, service.fwmark);
    return;
  }
  parseAddress(service.address, records.bytes, base + fields.address.offset);
  records.setU16(base, fields.protocol, layout.protocols[service.protocol ?? 'tcp']);
  records.setU16(base, fields.port, service.port);
}

function encodeSettings(requests: RequestBuffer, { service }: Invocation): void {
  const { records } = requests;
  const base = requests.service();
  const { fields } = SERVICE;
  const { serviceFlags: FLAGS } = layout;
  let flags = 0;
  if (service.persistent) flags |= FLAGS.persistent;
  if (service.onePacket) flags |= FLAGS.onePacket;
  for (const name of service.schedulerFlags) flags |= schedulerFlags[name].bit;
  records.setU32(base, fields.flags, flags);
  records.setU32(base, fields.timeout, service.timeout);
  const { netmask } = service;
  const mask = typeof netmask === 'string' ? (parseMask(netmask) ?? 0) : netmask;
  records.setU32(base, fields.netmask, mask);
  records.setName(base, fields.scheduler, service.scheduler || 'wlc');
  records.setName(base, fields.engine, service.engine);
}

function encodeDestination(requests: RequestBuffer, destination: GivenDestination): void {
  const { records } = requests;
  const base = requests.destination();
  const { fields } = DESTINATION;
  const { address, family, port, forwarding, weight } = destination;
  parseAddress(address, records.bytes, base + fields.address.offset);
  records.setU16(base, fields.family, family === 'ipv6' ? AF_INET6 : AF_INET);
  records.setU16(base, fields.port, port);
  records.setU32(base, fields.forwarding, layout.forwardings[forwarding]);
  records.setU32(base, fields.weight, weight);
  records.setU32(base, fields.upperThreshold, destination.upperThreshold);
  records.setU32(base, fields.lowerThreshold, destination.lowerThreshold);
  records.setU16(base, fields.tunnelType, layout.tunnelTypes[destination.tunnelType]);
  records.setU16(base, fields.tunnelPort, destination.tunnelPort);
  records.setU16(base, fields.tunnelFlags, layout.tunnelChecksums[destination.tunnelChecksum]);
}

function encodeTimeouts(requests: RequestBuffer, timeouts: Invocation['timeouts']): void {
  const base = requests.current + request.fields.timeouts.offset;
  const { tcp, tcpFin, udp } = layout.timeouts.fields;
  for (const [place, field] of [tcp, tcpFin, udp].entries()) {
    requests.records.setU32(base, field, timeouts[place] ?? 0);
  }
}

function encodeDaemon(requests: RequestBuffer, daemon: GivenDaemon): void {
  const { records } = requests;
  const base = requests.current + request.fields.daemon.offset;
  const { fields } = DAEMON;
  records.setU32(base, fields.role, layout.daemonRoles[daemon.role]);
  records.setNameBytes(base, fields.interface, Buffer.from(daemon.interface, 'latin1'));
  records.setNumber(base, fields.syncId, daemon.syncId);
  records.setNumber(base, fields.maxLength, daemon.maxLength);
  records.setNumber(base, fields.port, daemon.port);
  records.setNumber(base, fields.ttl, daemon.ttl);
  if (daemon.group === '') return;
  const family = parseAddress(daemon.group, records.bytes, base + fields.group.offset);
  records.setU16(base, fields.groupFamily, family);
}
