/**
 * Sync daemons: how a backup director learns the connections of a master.
 * @module
 */
import { AF_INET, describeAddress, formatAddress, parseAddress } from '../core/address.js';
import { checkInteger, own, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { decodeName, linkNameBytes } from '../core/link-name.js';
import { NameTable } from '../core/name-table.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { RequestBuffer } from './request-buffer.js';

/**
 * The role of a sync daemon: a master sends, a backup receives. A director may have both, each with
 * a daemon of its own.
 */
export type SyncDaemonRole = 'master' | 'backup';

/** A sync daemon to start. The kernel chooses what is left out. */
export interface SyncDaemonConfig {
  /** The role. IPVS_DAEMON_ATTR_STATE, `ipvsadm --start-daemon`. */
  readonly role: SyncDaemonRole;
  /**
   * The link to the network of the peer, by a name of 1 to 15 bytes, written as `Link.name` is. A
   * master needs a route to the group there. IPVS_DAEMON_ATTR_MCAST_IFN, `--mcast-interface`.
   */
  readonly interface: string;
  /**
   * The group of directors that the messages belong to, 0 to 255. A backup with 0 takes all.
   * Default 0. IPVS_DAEMON_ATTR_SYNC_ID, `--syncid`.
   */
  readonly syncId?: number | undefined;
  /**
   * The length of a message in bytes, 1 to 65507, which the kernel fits into its own limits.
   * Default: what fits into 1500 bytes, of a backup into the link's MTU.
   * IPVS_DAEMON_ATTR_SYNC_MAXLEN, `--sync-maxlen`.
   */
  readonly maxLength?: number | undefined;
  /**
   * The multicast address, IPv4 or IPv6. Default 224.0.0.81. IPVS_DAEMON_ATTR_MCAST_GROUP and
   * IPVS_DAEMON_ATTR_MCAST_GROUP6, `--mcast-group`.
   */
  readonly group?: string | undefined;
  /** The UDP port, 1 to 65535. Default 8848. IPVS_DAEMON_ATTR_MCAST_PORT, `--mcast-port`. */
  readonly port?: number | undefined;
  /**
   * The hops that a message may make, 1 to 255. Default 1. IPVS_DAEMON_ATTR_MCAST_TTL,
   * `--mcast-ttl`.
   */
  readonly ttl?: number | undefined;
}

/** A sync daemon that runs, with the values in effect. */
export interface SyncDaemon {
  /** The role; at most one daemon of each runs. IPVS_DAEMON_ATTR_STATE. */
  readonly role: SyncDaemonRole;
  /** The link to the network of the peer, written as `Link.name` is. IPVS_DAEMON_ATTR_MCAST_IFN. */
  readonly interface: string;
  /**
   * The group of directors that the messages belong to. Another program may have set one above 255,
   * which no message can have: startSyncDaemon() refuses it. IPVS_DAEMON_ATTR_SYNC_ID.
   */
  readonly syncId: number;
  /** The length of a message in bytes. IPVS_DAEMON_ATTR_SYNC_MAXLEN. */
  readonly maxLength: number;
  /** The multicast address. IPVS_DAEMON_ATTR_MCAST_GROUP and IPVS_DAEMON_ATTR_MCAST_GROUP6. */
  readonly group: string;
  /** The UDP port. IPVS_DAEMON_ATTR_MCAST_PORT. */
  readonly port: number;
  /** The hops that a message may make. IPVS_DAEMON_ATTR_MCAST_TTL. */
  readonly ttl: number;
}

const { fields } = layout.daemon;
const { offset } = layout.request.fields.daemon;
const roles = new NameTable<SyncDaemonRole>(layout.daemonRoles);

/** The numbers of a daemon. One that is left out is encoded as 0: the kernel chooses. */
const NUMBERS = [
  { name: 'syncId', min: 0, max: 255, unit: '' },
  { name: 'maxLength', min: 1, max: 65507, unit: 'bytes' },
  { name: 'port', min: 1, max: 65535, unit: '' },
  { name: 'ttl', min: 1, max: 255, unit: 'hops' },
] as const;
const KEYS = new Set<keyof SyncDaemonConfig>([
  'role',
  'interface',
  'group',
  ...NUMBERS.map(({ name }) => name),
]);
const GROUP_RULE = 'a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8';

/** Encodes the daemon to start. @internal */
export function encodeSyncDaemon(request: RequestBuffer, config: unknown): void {
  const settings = readConfig(request, config);
  const { records } = request;
  const base = request.current + offset;
  encodeSyncDaemonRole(request, 'daemon.role', settings.role);
  const name = linkNameBytes('daemon.interface', settings.interface);
  records.setNameBytes(base, fields.interface, name);
  for (const { name, min, max, unit } of NUMBERS) {
    const value = settings[name];
    if (value === undefined) continue;
    const number = checkInteger(`daemon.${name}`, value, min, max, unit);
    records.setNumber(base, fields[name], number);
  }
  if (settings.group !== undefined) encodeGroup(records, base, settings.group);
}

/** Encodes the role of the daemon to start or stop. @internal */
export function encodeSyncDaemonRole(
  request: RequestBuffer,
  property: string,
  role: unknown,
): void {
  const base = request.current + offset;
  request.records.setU32(base, fields.role, roles.number(property, role));
}

/** Reads a configuration. If it is refused although its role is good, the error names the role. */
function readConfig(request: RequestBuffer, config: unknown) {
  try {
    return readObject('daemon', config, KEYS);
  } catch (error) {
    if (typeof config === 'object' && config !== null) {
      try {
        encodeSyncDaemonRole(request, 'daemon.role', own(config, 'role'));
      } catch {
        // The role is bad too: the error names the object in short.
      }
    }
    throw error;
  }
}

function encodeGroup(records: Records, base: number, value: unknown): void {
  if (typeof value !== 'string') throw wrongType('daemon.group', value, GROUP_RULE);
  const bytes = new Uint8Array(fields.group.size);
  const family = parseAddress(value, bytes, 0);
  if (family === 0 || describeAddress(bytes, 0, family) !== 'a multicast address') {
    throw wrongValue('daemon.group', value, `is not ${GROUP_RULE}`);
  }
  records.bytes.set(bytes, base + fields.group.offset);
  records.setU16(base, fields.groupFamily, family);
}

/** Decodes the daemon at `base`. @internal */
export function decodeSyncDaemon(records: Records, base: number): SyncDaemon {
  const family = records.u16(base, fields.groupFamily);
  return {
    role: records.u32(base, fields.role) === layout.daemonRoles.master ? 'master' : 'backup',
    interface: decodeName(records.nameBytes(base, fields.interface)),
    syncId: records.number(base, fields.syncId),
    maxLength: records.number(base, fields.maxLength),
    group: formatAddress(
      records.bytes,
      base + fields.group.offset,
      family === 0 ? AF_INET : family,
    ),
    port: records.number(base, fields.port),
    ttl: records.number(base, fields.ttl),
  };
}

/**
 * Returns what errors call the daemon of the request at `index`; '' if it has no role.
 * @internal
 */
export function formatSyncDaemon(requests: RequestBuffer, index: number): string {
  const role = requests.records.u32(requests.base(index) + offset, fields.role);
  return role === 0 ? '' : `${roles.name(role)} daemon`;
}

/** Returns the name of the link in the request at `index`, or ''. @internal */
export function formatSyncDaemonLink(requests: RequestBuffer, index: number): string {
  const base = requests.base(index) + offset;
  return decodeName(requests.records.nameBytes(base, fields.interface));
}
