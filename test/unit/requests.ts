/**
 * Requests without a kernel: calls packed as lib/queue packs them, and a reader of the bytes that shares nothing with lib/
 * but the layout.
 * @module
 */
import { endianness } from 'node:os';
import { expect } from 'vitest';
import type { IpvsTypes } from '../../lib/ipvs/client.js';
import { type IpvsOperation, operations } from '../../lib/ipvs/operations.js';
import { RequestBuffer } from '../../lib/ipvs/request-buffer.js';
import type { RecordLayout } from '../../lib/native/addon.js';
import { layout } from '../../lib/native/layout.js';
import type { ClientTypes } from '../../lib/queue/client-types.js';
import type { Operation } from '../../lib/queue/operation.js';
import type { Incremental } from '../../lib/queue/slicer.js';

export { layout };

const LITTLE = endianness() === 'LE';

type Served = typeof operations;
/** An operation of IPVS that has its arguments. */
export type Call<Value> = IpvsOperation<Value>;
/** Arguments, of which the last may be left out where it may be undefined. */
type Optional<Args extends readonly unknown[]> = Args extends readonly [...infer Rest, infer Last]
  ? undefined extends Last
    ? [...Rest, Last?]
    : Args
  : Args;

/** The calls with their arguments, as the methods of a handle take them. */
export const calls = Object.fromEntries(
  Object.entries(operations).map(([name, call]) => [
    name,
    (...args: unknown[]) => give<IpvsTypes, unknown, never>(call, args),
  ]),
  // Each has what give() makes of its arguments.
) as unknown as {
  readonly [Name in keyof Served]: Served[Name] extends Operation<
    IpvsTypes,
    infer Value,
    infer Args
  >
    ? (...args: Optional<Args>) => Call<Value extends Incremental<unknown> ? never : Value>
    : never;
};

/**
 * Returns an operation that has its arguments, whatever they are: nobody has checked them. Those
 * that are left out are undefined, as with a method.
 */
export function give<Types extends ClientTypes, Value, Args extends readonly unknown[]>(
  operation: Operation<Types, Value, Args>,
  args: readonly unknown[],
): Operation<Types, Value> {
  const missing = Math.max(0, operation.encode.length - 1 - args.length);
  // As JavaScript passes them.
  const all = [...args, ...Array.from({ length: missing }, () => undefined)] as unknown as Args;
  const { decoder } = operation;
  return {
    ...operation,
    arity: 0,
    encode: (requests) => operation.encode(requests, ...all),
    ...(decoder !== undefined && { decoder: () => decoder(...all) }),
  };
}

/** The calls as JavaScript makes them, without a compiler that would refuse bad arguments. */
export const untyped = calls as unknown as Readonly<
  Record<keyof typeof calls, (...args: readonly unknown[]) => Call<unknown>>
>;

/** Writes and commits a call. */
export function write(requests: RequestBuffer, call: Call<unknown>): void {
  requests.begin(call.request);
  call.encode(requests);
  call.decoder?.();
  requests.commit();
}

/** A fresh buffer with the calls in it. */
export function pack(...packed: readonly Call<unknown>[]): RequestBuffer {
  const requests = new RequestBuffer();
  for (const call of packed) write(requests, call);
  return requests;
}

/** The bytes of the one request that a call becomes. */
export function bytesOf(call: Call<unknown>): number[] {
  return [...pack(call).bytes()];
}

/** A record as numbers, names and, for addresses and records within, bytes. */
export type Decoded<Name extends string> = Record<Name, number | string | number[]>;

const NAMES: ReadonlySet<string> = new Set([
  'scheduler',
  'engine',
  'flagsOwner',
  'interface',
  'state',
]);

/** The record at `base` of `bytes`. */
export function decode<Name extends string>(
  bytes: Uint8Array,
  base: number,
  record: RecordLayout<Name>,
): Decoded<Name> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = fieldsOf(record).map(([name, { offset, size }]) => {
    const at = base + offset;
    const raw = [...bytes.subarray(at, at + size)];
    if (size > 8 && NAMES.has(name)) return [name, String.fromCharCode(...raw).replace(/\0*$/, '')];
    if (size === 2) return [name, view.getUint16(at, LITTLE)];
    return [name, size === 4 ? view.getUint32(at, LITTLE) : raw];
  });
  // The entries are those of `record.fields`.
  return Object.fromEntries(entries) as Decoded<Name>;
}

/** The fields of a record, with their names. */
export function fieldsOf<Name extends string>(record: RecordLayout<Name>) {
  // Object.entries() gives the keys of a Record<Name, Field>, which are Names.
  return Object.entries(record.fields) as [Name, { offset: number; size: number }][];
}

/** What a call writes: its request, with the records in it. */
export function requestOf(call: Call<unknown>) {
  const bytes = pack(call).bytes();
  const { fields } = layout.request;
  const { operation, changes, flagsOwner } = decode(bytes, 0, layout.request);
  return {
    operation,
    changes,
    flagsOwner,
    service: decode(bytes, fields.service.offset, layout.service),
    destination: decode(bytes, fields.destination.offset, layout.destination),
    timeouts: decode(bytes, fields.timeouts.offset, layout.timeouts),
    daemon: decode(bytes, fields.daemon.offset, layout.daemon),
  };
}

/** Makes a record of numbers, big ones where a field takes 8 bytes; what is left out is 0. */
export function encode<Name extends string>(
  record: RecordLayout<Name>,
  values: Partial<Record<Name, number | bigint | Uint8Array>>,
): Uint8Array {
  const bytes = new Uint8Array(record.size);
  const view = new DataView(bytes.buffer);
  for (const [name, { offset, size }] of fieldsOf(record)) {
    const value = values[name] ?? 0;
    if (typeof value === 'object') bytes.set(value, offset);
    else if (size === 2) view.setUint16(offset, Number(value), LITTLE);
    else if (size === 4) view.setUint32(offset, Number(value), LITTLE);
    else if (size === 8) view.setBigUint64(offset, BigInt(value), LITTLE);
  }
  return bytes;
}

/** The three kinds of bad input. */
export type Kind = 'type' | 'value' | 'range';
const KINDS = {
  type: { kind: TypeError, code: 'ERR_INVALID_ARG_TYPE' },
  value: { kind: TypeError, code: 'ERR_INVALID_ARG_VALUE' },
  range: { kind: RangeError, code: 'ERR_OUT_OF_RANGE' },
} as const;

/** One bad input: how it is passed, and what its error says of it. */
export interface Refusal {
  readonly call: () => Call<unknown>;
  readonly kind: Kind;
  readonly property: string;
  /** As the message shows it. */
  readonly value: string;
  /** A part of what the message says after the value. */
  readonly rule: string;
  /** What the message says before the property: the operation, and what it is about. */
  readonly subject?: string;
}

/** What `action` throws. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Expects `PROPERTY: VALUE ... RULE ...` of the class and code of its kind. */
export function expectInputError(error: unknown, refusal: Omit<Refusal, 'call'>): void {
  const { kind, code } = KINDS[refusal.kind];
  expect(error).toBeInstanceOf(kind);
  // It is an Error, or the line above would have thrown.
  const { message } = error as Error;
  const subject = refusal.subject === undefined ? '' : `${refusal.subject}: `;
  const start = `${subject}${refusal.property}: ${refusal.value} `;
  expect(message.slice(0, start.length)).toBe(start);
  expect(message).toContain(refusal.rule);
  expect(message).not.toContain('\n');
  expect(error).toHaveProperty('code', code);
}

/**
 * Expects that a call is refused, and that nothing of it is left: neither a request nor a byte in the next one.
 */
export function expectRefused(refusal: Refusal): void {
  const requests = pack(calls.flush());
  const before = [...requests.bytes()];
  const error = thrownBy(() => write(requests, refusal.call()));
  expectInputError(error, refusal);
  expect([...requests.bytes()]).toEqual(before);

  write(requests, calls.listServices());
  expect([...requests.bytes()]).toEqual([...before, ...bytesOf(calls.listServices())]);
}
