/**
 * Tunnels: how packets are wrapped on their way to a destination.
 * @module
 */
import { checkInteger, checkName, readObject } from '../core/check.js';
import { plain } from '../core/hints.js';
import { wrongValue } from '../core/input-errors.js';
import type { Unknown } from '../core/name-table.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { MAX_PORT } from './keys.js';
import { type TunnelChecksum, type TunnelType, tunnelChecksums, tunnelTypes } from './names.js';
import type { RequestBuffer } from './request-buffer.js';
import type { SettingsSource, Unchecked } from './settings.js';

/** The tunnel of a destination to add, or of its changes. */
export type TunnelConfig =
  /** IP in IP, the default (RFC 2003, RFC 2473). */
  | { readonly type: 'ipip' }
  /**
   * Generic UDP Encapsulation to `port`, 1 to 65535 (IPVS_DEST_ATTR_TUN_PORT, `ipvsadm
   * --tun-port`). Default checksum 'none'.
   */
  | { readonly type: 'gue'; readonly port: number; readonly checksum?: TunnelChecksum | undefined }
  /** Generic Routing Encapsulation (RFC 2784). Default checksum 'none'. */
  | { readonly type: 'gre'; readonly checksum?: 'none' | 'checksum' | undefined };

/**
 * The tunnel of a destination as the kernel has it. A port or checksum that the type does not use
 * is shown if another program has set it.
 */
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

const { fields } = layout.destination;

/** The settings that go with a type. */
interface TypeRules {
  /** True: mandatory. False: not allowed. */
  readonly port: boolean;
  readonly checksums: readonly TunnelChecksum[];
}

/** @internal */
export const tunnelRules: Readonly<Record<TunnelType, TypeRules>> = {
  ipip: { port: false, checksums: [] },
  gue: { port: true, checksums: ['none', 'checksum', 'remote-checksum'] },
  gre: { port: false, checksums: ['none', 'checksum'] },
};
const MAX_TYPE = 255;
const MAX_CHECKSUM = 65535;
const KEYS = new Set(['type', 'port', 'checksum'] as const);

/**
 * Checks and encodes the tunnel of a destination.
 * @returns the number of the type
 * @internal
 */
export function encodeTunnel(
  request: RequestBuffer,
  path: string,
  value: unknown,
  source: SettingsSource,
): number {
  const tunnel = readObject(path, value, KEYS, tunnelHint);
  const { records } = request;
  const base = request.destination();
  const checked = source === 'kernel' ? checkKernelTunnel(path, tunnel) : checkTunnel(path, tunnel);
  records.setU16(base, fields.tunnelType, checked.type);
  records.setU16(base, fields.tunnelPort, checked.port);
  records.setU16(base, fields.tunnelFlags, checked.checksum);
  return checked.type;
}

/** Returns a hint about the name of a type in place of an object. */
function tunnelHint(_path: string, value: unknown): string {
  if (typeof value !== 'string') return '';
  const type = tunnelTypes.names.find((name) => name === plain(value));
  if (type === undefined) return '';
  return `: did you mean { type: '${type}'${tunnelRules[type].port ? ', port' : ''} }?`;
}

type Settings = Unchecked<'type' | 'port' | 'checksum'>;
type Numbers = Readonly<Record<'type' | 'port' | 'checksum', number>>;

function checkKernelTunnel(path: string, tunnel: Settings): Numbers {
  const { type, port = 0, checksum = 'none' } = tunnel;
  return {
    type: tunnelTypes.numberOrUnknown(`${path}.type`, type, MAX_TYPE),
    port: checkInteger(`${path}.port`, port, 0, MAX_PORT),
    checksum: tunnelChecksums.numberOrUnknown(`${path}.checksum`, checksum, MAX_CHECKSUM),
  };
}

function checkTunnel(path: string, { type, port, checksum }: Settings): Numbers {
  checkName(`${path}.type`, type, tunnelTypes.names);
  const rules = tunnelRules[type];
  if (port !== undefined && !rules.port) {
    throw wrongValue(`${path}.port`, port, `does not go with tunnel type ${type}`);
  }
  const checkedPort = rules.port ? checkInteger(`${path}.port`, port, 1, MAX_PORT) : 0;
  const number = tunnelTypes.number(path, type);
  if (checksum === undefined) return { type: number, port: checkedPort, checksum: 0 };
  checkName(`${path}.checksum`, checksum, tunnelChecksums.names);
  if (!rules.checksums.includes(checksum)) {
    throw wrongValue(`${path}.checksum`, checksum, `does not go with tunnel type ${type}`);
  }
  return { type: number, port: checkedPort, checksum: tunnelChecksums.number(path, checksum) };
}

/** Decodes the tunnel of the destination at `base`. @internal */
export function decodeTunnel(records: Records, base: number): Tunnel {
  const number = records.u16(base, fields.tunnelType);
  const port = records.u16(base, fields.tunnelPort);
  const flags = records.u16(base, fields.tunnelFlags);
  const type = tunnelTypes.name(number);
  if (type === 'gue') return { type, port, checksum: tunnelChecksums.name(flags) };
  const given = port === 0 ? undefined : { port };
  if (type === 'gre') return { type, ...given, checksum: tunnelChecksums.name(flags) };
  const checksum = flags === 0 ? undefined : { checksum: tunnelChecksums.name(flags) };
  return { type, ...given, ...checksum };
}
