/**
 * Links, and how the kernel's records of them are decoded.
 * @module
 */

import { decodeName } from '../core/link-name.js';
import { NameTable, type Unknown } from '../core/name-table.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';

/**
 * The state of a link as its driver reports it (IFLA_OPERSTATE, RFC 2863 §3.1.14). It is 'unknown'
 * for a dummy link that is up.
 */
export type LinkState =
  | 'unknown'
  | 'not-present'
  | 'down'
  | 'lower-layer-down'
  | 'testing'
  | 'dormant'
  | 'up';

/** A network link. */
export interface Link {
  /** A number that no other link of the network namespace has. */
  readonly index: number;
  /**
   * IFLA_IFNAME. The kernel accepts almost any bytes: those that are not UTF-8, and invisible
   * characters, are written as `\xHH`. A name in this form can be passed back in.
   */
  readonly name: string;
  /** 'dummy', 'veth', 'bridge' ... (IFLA_INFO_KIND); null for loopback and most hardware. */
  readonly kind: string | null;
  /** True if the link is switched on (IFF_UP). */
  readonly up: boolean;
  /** IFLA_OPERSTATE. */
  readonly state: LinkState | Unknown;
  /** Bytes. IFLA_MTU. */
  readonly mtu: number;
  /** '02:42:ac:11:00:02' (IFLA_ADDRESS); null: there is none. */
  readonly hardwareAddress: string | null;
}

const states = new NameTable<LinkState>(layout.linkStates);

/** Decodes the link at `base`. @internal */
export function decodeLink(records: Records, base: number): Link {
  const { fields } = layout.link;
  const kind = records.name(base, fields.kind);
  const start = base + fields.hardware.offset;
  const hardware = records.bytes.subarray(
    start,
    start + records.number(base, fields.hardwareLength),
  );
  return {
    index: records.number(base, fields.index),
    name: decodeName(records.nameBytes(base, fields.name)),
    kind: kind === '' ? null : kind,
    up: (records.number(base, fields.flags) & layout.linkFlags.up) !== 0,
    state: states.name(records.number(base, fields.state)),
    mtu: records.number(base, fields.mtu),
    hardwareAddress: hardware.length === 0 ? null : Array.from(hardware, hexOctet).join(':'),
  };
}

const hexOctet = (octet: number) => octet.toString(16).padStart(2, '0');
