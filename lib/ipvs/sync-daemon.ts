/**
 * Sync daemons: how a backup director learns the connections of a master.
 * @module
 */
import { AF_INET, AF_INET6, formatAddress, parseAddress } from '../core/address.js';
import { checkInteger, own, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { decodeName, linkNameBytes } from '../core/link-name.js';
import { Names } from '../core/names.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { RequestBuffer } from './request-buffer.js';

/** Who sends, and who receives. A director may do both, each with a daemon of its own. */
export type SyncDaemonRole = 'master' | 'backup';

/** A sync daemon to be started. What is left out, the kernel chooses. */
export interface SyncDaemonConfig {
  /** IPVS_DAEMON_ATTR_STATE, `ipvsadm --start-daemon`. */
  readonly role: SyncDaemonRole;
  /**
   * The link whose network has the peer, by a name of 1 to 15 bytes, written as `Link.name` is. A
   * master needs a route to the group there. IPVS_DAEMON_ATTR_MCAST_IFN, `--mcast-interface`.
   */
  readonly interface: string;
  /** Whose messages belong together, 0 to 255. A backup with 0, the default, takes all. IPVS_DAEMON_ATTR_SYNC_ID, `--syncid`. */
  readonly syncId?: number | undefined;
  /** Bytes of a message, 1 to 65507, which the kernel fits into its own limits. Default: what fits into 1500 bytes, of a backup the link's MTU. IPVS_DAEMON_ATTR_SYNC_MAXLEN, `--sync-maxlen`. */
  readonly maxLength?: number | undefined;
  /** The multicast address, IPv4 or IPv6. Default 224.0.0.81. IPVS_DAEMON_ATTR_MCAST_GROUP, `--mcast-group`. */
  readonly group?: string | undefined;
  /** The UDP port, 1 to 65535. Default 8848. IPVS_DAEMON_ATTR_MCAST_PORT, `--mcast-port`. */
  readonly port?: number | undefined;
  /** Hops that a message may make, 1 to 255. Default 1. IPVS_DAEMON_ATTR_MCAST_TTL, `--mcast-ttl`. */
  readonly ttl?: number | undefined;
}

/** A sync daemon that runs, with the values in effect. */
export interface SyncDaemon {
  /** At most one daemon of each runs. IPVS_DAEMON_ATTR_STATE. */
  readonly role: SyncDaemonRole;
  /** The link that it speaks or listens on, written as `Link.name` is. IPVS_DAEMON_ATTR_MCAST_IFN. */
  readonly interface: string;
  /** Whose messages belong together. IPVS_DAEMON_ATTR_SYNC_ID. */
  readonly syncId: number;
  /** Bytes. */
  readonly maxLength: number;
  /** The multicast address. IPVS_DAEMON_ATTR_MCAST_GROUP. */
  readonly group: string;
  /** The UDP port. IPVS_DAEMON_ATTR_MCAST_PORT. */
  readonly port: number;
  /** Hops that a message may make. IPVS_DAEMON_ATTR_MCAST_TTL. */
  readonly ttl: number;
}

const KEYS = new Set<keyof SyncDaemonConfig>([
  'role',
  'interface',
  'syncId',
  'maxLength',
  'group',
  'port',
  'ttl',
]);
const roles = new Names<SyncDaemonRole>(layout.daemonRoles);
const RANGES = {
  syncId: [0, 255, ''],
  maxLength: [1, 65507, 'bytes'],
  port: [1, 65535, ''],
  ttl: [1, 255, 'hops'],
} as const;

function base(request: RequestBuffer): number {
  return request.base() + layout.request.fields.daemon.offset;
}

/** @internal */
export function encodeSyncDaemonRole(
  request: RequestBuffer,
  property: string,
  role: unknown,
): void {
  const { fields } = layout.daemon;
  request.records.setNumber(base(request), fields.role, roles.number(property, role));
}

/** @internal */
export function encodeSyncDaemon(request: RequestBuffer, config: unknown): void {
  const property = 'daemon';
  const values = readConfig(request, property, config);
  const { records } = request;
  const { fields } = layout.daemon;
  encodeSyncDaemonRole(request, `${property}.role`, values.role);
  const name = linkNameBytes(`${property}.interface`, values.interface);
  records.setNameBytes(base(request), fields.interface, name);
  for (const key of ['syncId', 'maxLength', 'port', 'ttl'] as const) {
    const value = values[key];
    if (value === undefined) continue;
    const [min, max, unit] = RANGES[key];
    records.setNumber(
      base(request),
      fields[key],
      checkInteger(`${property}.${key}`, value, min, max, unit),
    );
  }
  if (values.group !== undefined) writeGroup(request, `${property}.group`, values.group);
}

/** Where the object is refused although its role is sound, that is written: the error names it. */
function readConfig(request: RequestBuffer, property: string, config: unknown) {
  try {
    return readObject(property, config, KEYS);
  } catch (error) {
    if (typeof config === 'object' && config !== null) {
      try {
        encodeSyncDaemonRole(request, `${property}.role`, own(config, 'role'));
      } catch {
        // Then it names nothing.
      }
    }
    throw error;
  }
}

function writeGroup(request: RequestBuffer, property: string, value: unknown): void {
  const rule = 'a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8';
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  const { records } = request;
  const { fields } = layout.daemon;
  const at = base(request) + fields.group.offset;
  const family = parseAddress(value, records.bytes, at);
  const first = records.bytes[at] ?? 0;
  const multicast = family === AF_INET6 ? first === 0xff : first >= 224 && first < 240;
  if (family === 0 || !multicast) throw wrongValue(property, value, `is not ${rule}`);
  records.setNumber(base(request), fields.groupFamily, family);
}

/** The daemon in the record at `at`. @internal */
export function decodeSyncDaemon(records: Records, at: number): SyncDaemon {
  const { fields } = layout.daemon;
  const family = records.number(at, fields.groupFamily);
  return {
    role: records.number(at, fields.role) === roles.number('role', 'master') ? 'master' : 'backup',
    interface: decodeName(records.nameBytes(at, fields.interface)),
    syncId: records.number(at, fields.syncId),
    maxLength: records.number(at, fields.maxLength),
    group: formatAddress(records.bytes, at + fields.group.offset, family === 0 ? AF_INET : family),
    port: records.number(at, fields.port),
    ttl: records.number(at, fields.ttl),
  };
}

/** The role in the request at `index`, for the error that names it. @internal */
export function formatSyncDaemon(request: RequestBuffer, index: number): string {
  const { records } = request;
  const at = request.base(index) + layout.request.fields.daemon.offset;
  const role = records.number(at, layout.daemon.fields.role);
  return role === 0 ? '' : `${roles.name(role)} daemon`;
}

/** The link in the request at `index`, or ''. @internal */
export function formatSyncDaemonLink(request: RequestBuffer, index: number): string {
  const { records } = request;
  const at = request.base(index) + layout.request.fields.daemon.offset;
  return decodeName(records.nameBytes(at, layout.daemon.fields.interface));
}
