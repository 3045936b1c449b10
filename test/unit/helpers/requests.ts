/**
 * Requests without a kernel: operations encoded as lib/queue does, and a decoder of the bytes that
 * shares only the layout with lib/.
 * @module
 */
import { endianness } from 'node:os';
import { expect } from 'vitest';
import type { IpvsTypes } from '../../../lib/ipvs/client.js';
import { type IpvsOperation, operations } from '../../../lib/ipvs/operations.js';
import { RequestBuffer } from '../../../lib/ipvs/request-buffer.js';
import type { RecordLayout } from '../../../lib/native/addon.js';
import { layout } from '../../../lib/native/layout.js';
import type { ClientTypes } from '../../../lib/queue/client-types.js';
import type { Incremental } from '../../../lib/queue/incremental.js';
import type { Operation } from '../../../lib/queue/operation.js';

export { layout };

/** The operations that methods request. The others belong to the plans of reconcile(). */
export const METHOD_OPERATIONS = Object.keys(layout.operations).filter(
  (name) => name !== 'setService' && name !== 'setDestination',
);

const LITTLE = endianness() === 'LE';

type Served = typeof operations;
/** An operation of IPVS that has its arguments. */
export type Call<Value> = IpvsOperation<Value>;
/** Arguments, of which the last may be left out if it may be undefined. */
type Optional<Args extends readonly unknown[]> = Args extends readonly [...infer Rest, infer Last]
  ? undefined extends Last
    ? [...Rest, Last?]
    : Args
  : Args;

/** The operations, with the arguments of the methods of a handle. */
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

/** The operations with arguments of any type, as JavaScript passes them. */
export const untyped = calls as unknown as Readonly<
  Record<keyof typeof calls, (...args: readonly unknown[]) => Call<unknown>>
>;

/** Encodes a request behind the others of a buffer. */
export function write(requests: RequestBuffer, call: Call<unknown>): void {
  requests.begin(call.request);
  call.encode(requests);
  call.decoder?.();
  requests.commit();
}

/** Returns a fresh buffer with these requests. */
export function pack(...packed: readonly Call<unknown>[]): RequestBuffer {
  const requests = new RequestBuffer();
  for (const call of packed) write(requests, call);
  return requests;
}

/** Returns the bytes of one request. */
export function bytesOf(call: Call<unknown>): number[] {
  return [...pack(call).bytes()];
}

/** A record as numbers and names; addresses and nested records are bytes. */
export type Decoded<Name extends string> = Record<Name, number | string | number[]>;

const NAMES: ReadonlySet<string> = new Set([
  'scheduler',
  'engine',
  'flagsOwner',
  'interface',
  'state',
]);

/** Decodes the record at `base` of `bytes`. */
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

/** Returns the fields of a record, with their names. */
export function fieldsOf<Name extends string>(record: RecordLayout<Name>) {
  // Object.entries() gives the keys of a Record<Name, Field>, which are Names.
  return Object.entries(record.fields) as [Name, { offset: number; size: number }][];
}

/** Encodes a request, and decodes it and its records. */
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

/** Encodes a record of numbers, BigInts for fields of 8 bytes. Fields that are left out are 0. */
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

/** The three kinds of invalid arguments. */
export type Kind = 'type' | 'value' | 'range';
const KINDS = {
  type: { kind: TypeError, code: 'ERR_INVALID_ARG_TYPE' },
  value: { kind: TypeError, code: 'ERR_INVALID_ARG_VALUE' },
  range: { kind: RangeError, code: 'ERR_OUT_OF_RANGE' },
} as const;

/** An invalid argument: the call with it, and the content of the error. */
export interface InvalidArgument {
  readonly call: () => Call<unknown>;
  readonly kind: Kind;
  readonly property: string;
  /** The value as the message shows it. */
  readonly value: string;
  /** A part of the message after the value. */
  readonly rule: string;
  /** The part of the message before the property: operation and target. */
  readonly subject?: string;
}

/** Returns the error that `action` throws. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Expects the message `PROPERTY: VALUE ... RULE ...`, and the class and code of the kind. */
export function expectInputError(error: unknown, expected: Omit<InvalidArgument, 'call'>): void {
  const { kind, code } = KINDS[expected.kind];
  expect(error).toBeInstanceOf(kind);
  // It is an Error, or the line above would have thrown.
  const { message } = error as Error;
  const subject = expected.subject === undefined ? '' : `${expected.subject}: `;
  const start = `${subject}${expected.property}: ${expected.value} `;
  expect(message.slice(0, start.length)).toBe(start);
  expect(message).toContain(expected.rule);
  expect(message).not.toContain('\n');
  expect(error).toHaveProperty('code', code);
}

/**
 * Expects that a call is refused, and that it leaves neither a request nor a byte in the next one.
 */
export function expectRefused(expected: InvalidArgument): void {
  const requests = pack(calls.flush());
  const before = [...requests.bytes()];
  const error = thrownBy(() => write(requests, expected.call()));
  expectInputError(error, expected);
  expect([...requests.bytes()]).toEqual(before);

  write(requests, calls.listServices());
  expect([...requests.bytes()]).toEqual([...before, ...bytesOf(calls.listServices())]);
}
