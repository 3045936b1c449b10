import { describe, expect, test } from 'vitest';
import { decodeChunk } from '../../lib/connections/decode.js';
import type { Connection } from '../../lib/index.js';
import type { NativeConnections } from '../../lib/native/addon.js';
import { layout } from './helpers/requests.js';
import { connectionRecord } from './helpers/responses.js';

const IPV4 = { family: 2, destinationFamily: 2, protocol: 6 };
/** Joins records, as the addon does. */
const joined = (...records: readonly Uint8Array[]) =>
  Uint8Array.from(Buffer.concat(records)).buffer;

/** The entries of a chunk, read last one first: each can be read alone. */
function entriesOf(native: NativeConnections): Connection[] {
  const chunk = decodeChunk(native);
  const indexes = Array.from({ length: chunk.count }, (_, index) => index);
  return indexes
    .reverse()
    .map((index) => chunk.read(index))
    .reverse();
}

describe('a chunk', () => {
  test('decodes each entry alone', () => {
    const connections = joined(
      connectionRecord({
        ...IPV4,
        client: [10, 0, 0, 7],
        clientPort: 50000,
        virtualAddress: [10, 96, 0, 1],
        virtualPort: 443,
        destination: [0xfd, ...Array(14).fill(0), 2],
        destinationFamily: 10,
        destinationPort: 6443,
        expires: 2 ** 32 - 1,
        state: 2,
      }),
      connectionRecord({
        ...IPV4,
        protocol: 0,
        client: [10, 0, 0, 0],
        virtualAddress: [0xff, 0, 0, 7],
        flags: layout.connectionFlags.template,
        state: 1,
        engine: 3,
        engineData: 4,
        origin: layout.origins.sync,
      }),
      connectionRecord({ ...IPV4, protocol: 50, origin: layout.origins.local }),
    );
    const texts = ['NONE', 'ESTABLISHED', 'sip', 'call-id'];
    expect(entriesOf({ connections, texts, done: true })).toStrictEqual([
      {
        protocol: 'tcp',
        family: 'ipv4',
        client: { address: '10.0.0.7', port: 50000 },
        virtual: { address: '10.96.0.1', port: 443 },
        destination: { address: 'fd00::2', port: 6443 },
        state: 'ESTABLISHED',
        expires: 2 ** 32 - 1,
        template: false,
        fwmark: null,
        engine: null,
        engineData: null,
        origin: null,
      },
      {
        protocol: 'ip',
        family: 'ipv4',
        client: { address: '10.0.0.0', port: 0 },
        virtual: { address: '255.0.0.7', port: 0 },
        destination: { address: '0.0.0.0', port: 0 },
        state: 'NONE',
        expires: 0,
        template: true,
        fwmark: 0xff000007,
        engine: 'sip',
        engineData: 'call-id',
        origin: 'sync',
      },
      expect.objectContaining({
        protocol: 'unknown-50',
        state: '',
        origin: 'local',
        template: false,
      }),
    ]);
  });

  test('may be empty, and tells whether it is the last', () => {
    const empty = { connections: new ArrayBuffer(0), texts: [], done: true };
    expect(entriesOf(empty)).toEqual([]);
    expect(decodeChunk(empty)).toMatchObject({ count: 0, last: true });
    expect(decodeChunk({ ...empty, done: false })).toMatchObject({ last: false });
  });
});
