/**
 * How packets are wrapped on their way to a destination behind a tunnel.
 * @module
 */
import { checkInteger, readObject } from './check.js';
import { wrongValue } from './errors.js';
import { type TunnelChecksum, tunnelChecksums, tunnelTypes, type Unknown } from './names.js';
import type { ConfigLayout } from './native.js';
import type { Draft, Records } from './records.js';

/** A tunnel as it is set. */
export type TunnelConfig =
  /** IP in IP, the default (RFC 2003, RFC 2473). */
  | { readonly type: 'ipip' }
  /** Generic UDP Encapsulation to `port`, 1 to 65535 (IPVS_DEST_ATTR_TUN_PORT, `ipvsadm --tun-port`). Default checksum 'none'. */
  | { readonly type: 'gue'; readonly port: number; readonly checksum?: TunnelChecksum | undefined }
  /** Generic Routing Encapsulation (RFC 2784). Default checksum 'none'. */
  | { readonly type: 'gre'; readonly checksum?: 'none' | 'checksum' | undefined };

/** A tunnel as it is read. */
export type Tunnel =
  | { readonly type: 'ipip' }
  | { readonly type: 'gue'; readonly port: number; readonly checksum: TunnelChecksum | Unknown }
  | { readonly type: 'gre'; readonly checksum: TunnelChecksum | Unknown }
  | { readonly type: Unknown };

/** Which settings go with a type. `port: true` is mandatory. */
const ALLOWED: Readonly<Record<string, { port: boolean; checksums: readonly string[] }>> = {
  ipip: { port: false, checksums: [] },
  gue: { port: true, checksums: ['none', 'checksum', 'remote-checksum'] },
  gre: { port: false, checksums: ['none', 'checksum'] },
};
const KEYS = new Set(['type', 'port', 'checksum'] as const);

/** Writes the tunnel of the request's destination. @internal */
export function writeTunnel(request: Draft, property: string, value: unknown): void {
  const { type, port, checksum } = readObject(property, value, KEYS);
  const { records, layout } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  records.setNumber(base, fields.tunnelType, tunnelTypes.number(`${property}.type`, type));

  // The type is a known one, or number() would have thrown.
  const allowed = ALLOWED[type as string];
  if (allowed?.port) {
    records.setNumber(base, fields.tunnelPort, checkInteger(`${property}.port`, port, 1, 65535));
  } else if (port !== undefined) {
    throw wrongValue(`${property}.port`, port, `does not go with tunnel type ${type}`);
  }
  if (checksum === undefined) return;
  const flag = tunnelChecksums.number(`${property}.checksum`, checksum);
  if (!allowed?.checksums.some((name) => name === checksum)) {
    throw wrongValue(`${property}.checksum`, checksum, `does not go with tunnel type ${type}`);
  }
  records.setNumber(base, fields.tunnelFlags, flag);
}

/** The tunnel of the destination at `base`. @internal */
export function readTunnel(records: Records, base: number, layout: ConfigLayout): Tunnel {
  const { fields } = layout.destination;
  const type = tunnelTypes.name(records.number(base, fields.tunnelType));
  const checksum = () => tunnelChecksums.name(records.number(base, fields.tunnelFlags));
  if (type === 'gue') {
    return { type, port: records.number(base, fields.tunnelPort), checksum: checksum() };
  }
  return type === 'gre' ? { type, checksum: checksum() } : { type };
}
