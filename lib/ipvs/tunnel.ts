/**
 * How packets are wrapped on their way to a destination behind a tunnel.
 * @module
 */
import { checkInteger, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import type { Unknown } from '../core/names.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { type TunnelChecksum, tunnelChecksums, tunnelTypes } from './names.js';
import type { RequestBuffer } from './request-buffer.js';

/** A tunnel as it is set. */
export type TunnelConfig =
  /** IP in IP, the default (RFC 2003, RFC 2473). */
  | { readonly type: 'ipip' }
  /** Generic UDP Encapsulation to `port`, 1 to 65535 (IPVS_DEST_ATTR_TUN_PORT, `ipvsadm --tun-port`). Default checksum 'none'. */
  | { readonly type: 'gue'; readonly port: number; readonly checksum?: TunnelChecksum | undefined }
  /** Generic Routing Encapsulation (RFC 2784). Default checksum 'none'. */
  | { readonly type: 'gre'; readonly checksum?: 'none' | 'checksum' | undefined };

/** A tunnel as it is read. A port or checksum that the type does not use is shown where another program has set it. */
export type Tunnel =
  | { readonly type: 'gue'; readonly port: number; readonly checksum: TunnelChecksum | Unknown }
  | {
      readonly type: 'gre';
      readonly port?: number;
      readonly checksum: TunnelChecksum | Unknown;
    }
  | {
      readonly type: 'ipip' | Unknown;
      readonly port?: number;
      readonly checksum?: TunnelChecksum | Unknown;
    };

/** Which settings go with a type. `port: true` is mandatory. */
const ALLOWED: Readonly<Record<string, { port: boolean; checksums: readonly string[] }>> = {
  ipip: { port: false, checksums: [] },
  gue: { port: true, checksums: ['none', 'checksum', 'remote-checksum'] },
  gre: { port: false, checksums: ['none', 'checksum'] },
};
const MAX_TYPE = 255;
const MAX_PORT = 65535;
const MAX_CHECKSUM = 65535;
const KEYS = new Set(['type', 'port', 'checksum'] as const);

/** Writes the tunnel of the request's destination. What was `read` from the kernel is written as it is. @internal */
export function encodeTunnel(
  request: RequestBuffer,
  property: string,
  value: unknown,
  read: boolean,
): void {
  const tunnel = readObject(property, value, KEYS);
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const { type, port, checksum } = (read ? checkRead : checkMade)(property, tunnel);
  records.setNumber(base, fields.tunnelType, type);
  records.setNumber(base, fields.tunnelPort, port);
  records.setNumber(base, fields.tunnelFlags, checksum);
}

type Settings = Readonly<Record<'type' | 'port' | 'checksum', unknown>>;
type Numbers = Readonly<Record<'type' | 'port' | 'checksum', number>>;

function checkRead(property: string, { type, port = 0, checksum = 'none' }: Settings): Numbers {
  return {
    type: tunnelTypes.numberOrUnknown(`${property}.type`, type, MAX_TYPE),
    port: checkInteger(`${property}.port`, port, 0, MAX_PORT),
    checksum: tunnelChecksums.numberOrUnknown(`${property}.checksum`, checksum, MAX_CHECKSUM),
  };
}

function checkMade(property: string, { type, port, checksum }: Settings): Numbers {
  const number = tunnelTypes.number(`${property}.type`, type);
  // The type is a known one, or number() would have thrown.
  const allowed = ALLOWED[type as string];
  if (!allowed?.port && port !== undefined) {
    throw wrongValue(`${property}.port`, port, `does not go with tunnel type ${type}`);
  }
  const checked = allowed?.port ? checkInteger(`${property}.port`, port, 1, MAX_PORT) : 0;
  if (checksum === undefined) return { type: number, port: checked, checksum: 0 };
  const flag = tunnelChecksums.number(`${property}.checksum`, checksum);
  if (!allowed?.checksums.some((name) => name === checksum)) {
    throw wrongValue(`${property}.checksum`, checksum, `does not go with tunnel type ${type}`);
  }
  return { type: number, port: checked, checksum: flag };
}

/** The tunnel of the destination at `base`; null if it is not `used` and has no settings. @internal */
export function decodeTunnel(records: Records, base: number, used: boolean): Tunnel | null {
  const { fields } = layout.destination;
  const number = records.u16(base, fields.tunnelType);
  const port = records.u16(base, fields.tunnelPort);
  const flags = records.u16(base, fields.tunnelFlags);
  if (!used && (number | port | flags) === 0) return null;
  const type = tunnelTypes.name(number);
  if (type === 'gue') return { type, port, checksum: tunnelChecksums.name(flags) };
  const set = port === 0 ? undefined : { port };
  if (type === 'gre') return { type, ...set, checksum: tunnelChecksums.name(flags) };
  return { type, ...set, ...(flags === 0 ? undefined : { checksum: tunnelChecksums.name(flags) }) };
}
