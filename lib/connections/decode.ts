/**
 * Decoding of the connection table.
 * @module
 */
import { AF_INET6, formatAddress } from '../core/address.js';
import type { NativeConnections } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import { type Connection, type ConnectionState, connectionProtocols } from './types.js';

/** A chunk of the table. Its entries are decoded one by one, when they are read. */
export interface Chunk {
  readonly count: number;
  /** Decodes an entry. */
  read(index: number): Connection;
  /** True if no chunk follows. */
  readonly last: boolean;
}

const { size, fields } = layout.connection;

/** Returns the chunk that the addon has read. @internal */
export function decodeChunk(native: NativeConnections): Chunk {
  const records = new Records(native.connections);
  return {
    count: native.connections.byteLength / size,
    last: native.done,
    read: (index) => decodeConnection(records, index * size, native.texts),
  };
}

/** Decodes the entry at `base`. @internal */
export function decodeConnection(
  records: Records,
  base: number,
  texts: readonly string[],
): Connection {
  const { bytes } = records;
  const protocol = connectionProtocols.name(records.number(base, fields.protocol));
  const family = records.number(base, fields.family);
  const destinationFamily = records.number(base, fields.destinationFamily);
  const template = (records.number(base, fields.flags) & layout.connectionFlags.template) !== 0;
  return {
    protocol,
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    client: {
      address: formatAddress(bytes, base + fields.client.offset, family),
      port: records.number(base, fields.clientPort),
    },
    virtual: {
      address: formatAddress(bytes, base + fields.virtualAddress.offset, family),
      port: records.number(base, fields.virtualPort),
    },
    destination: {
      address: formatAddress(bytes, base + fields.destination.offset, destinationFamily),
      port: records.number(base, fields.destinationPort),
    },
    // The kernel prints no other states; a newer kernel may.
    state: (textAt(texts, records.number(base, fields.state)) ?? '') as ConnectionState,
    expires: records.number(base, fields.expires),
    template,
    fwmark: template && protocol === 'ip' ? decodeMark(bytes, base) : null,
    engine: textAt(texts, records.number(base, fields.engine)),
    engineData: textAt(texts, records.number(base, fields.engineData)),
    origin: decodeOrigin(records.number(base, fields.origin)),
  };
}

/** The text with a number, which counts from 1; null for 0. */
function textAt(texts: readonly string[], number: number): string | null {
  return number === 0 ? null : (texts[number - 1] ?? null);
}

/** The mark that stands, in network byte order, in place of the virtual address. */
function decodeMark(bytes: Uint8Array, base: number): number {
  const start = base + fields.virtualAddress.offset;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(start, start + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function decodeOrigin(number: number): 'local' | 'sync' | null {
  if (number === layout.origins.local) return 'local';
  return number === layout.origins.sync ? 'sync' : null;
}
