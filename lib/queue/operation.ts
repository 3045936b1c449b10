/**
 * Operations: how their requests are encoded and the responses decoded, and which errnos are a
 * value rather than an error.
 * @module
 */
import { checkBoolean, readOptions } from '../core/check.js';
import type { ClientTypes } from './client-types.js';
import type { Incremental } from './slicer.js';

/** How the response to a request is decoded. */
export interface Decoder<Types extends ClientTypes, Value> {
  /** The operation as users call it, in errors. */
  readonly name: string;
  /** The operation as the addon calls it. */
  readonly request: string;
  /** Returns the value of the request at `index`; a long one is decoded incrementally. */
  decode(response: Types['response'], index: number): Value | Incremental<Value>;
  /** Values that stand for errnos, by name: with them, a refusal is not an error. */
  readonly errnoValues?: Readonly<Record<string, Value>>;
}

/** An operation that takes one request. One object serves all calls. */
export interface Operation<Types extends ClientTypes, Value, Args extends readonly unknown[] = []>
  extends Decoder<Types, Value> {
  /** The number of arguments that it takes at most. */
  readonly arity: number;
  /** Added to the error for surplus arguments. */
  readonly arityHint?: string;
  /** Encodes the request that was begun. Throws on bad input. */
  encode(requests: Types['requests'], ...args: Args): void;
  /** Returns the decoder, where it depends on the arguments. Throws on bad input. */
  decoder?(...args: Args): Decoder<Types, Value>;
}

/** An operation with its arguments. */
export interface Call<Types extends ClientTypes, Value> {
  readonly operation: Operation<Types, Value, readonly unknown[]>;
  readonly args: readonly unknown[];
}

/** Returns a call of an operation. */
export function call<Types extends ClientTypes, Value, Args extends readonly unknown[]>(
  operation: Operation<Types, Value, Args>,
  ...args: Args
): Call<Types, Value> {
  return { operation, args };
}

/** Returns an operation whose errors call it `name`, for a routine that uses it. */
export function named<Types extends ClientTypes, Value, Args extends readonly unknown[]>(
  operation: Operation<Types, Value, Args>,
  name: string,
): Operation<Types, Value, Args> {
  const { decoder } = operation;
  return {
    ...operation,
    name,
    ...(decoder !== undefined && {
      decoder: (...args: Args) => ({ ...decoder(...args), name }),
    }),
  };
}

/** An option that makes it no error if the object of an operation does not exist. */
type ForgivingOption = 'ifExists' | 'ifRunning';

const FORGIVING_KEYS = {
  ifExists: new Set(['ifExists']),
  ifRunning: new Set(['ifRunning']),
} as const;

function isForgiving(options: unknown, name: ForgivingOption): boolean {
  const value = readOptions(options, FORGIVING_KEYS[name])[name];
  return value !== undefined && checkBoolean(`options.${name}`, value);
}

const noValue = () => undefined;
const yes = () => true;

/** The parameters of `encode` behind the request. */
const arityOf = ({ length }: { readonly length: number }) => length - 1;

/**
 * Returns the functions that define the operations of a client. The arguments of an operation are
 * the parameters of its `encode`; options come last.
 */
export function definitions<Types extends ClientTypes>() {
  type Encode<Args extends readonly unknown[]> = (
    requests: Types['requests'],
    ...args: Args
  ) => void;
  type Decode<Value> = Decoder<Types, Value>['decode'];

  return {
    /** An operation without a value. */
    command: <const Name extends string, Args extends readonly unknown[]>(
      name: Name,
      encode: Encode<Args>,
    ) => ({ name, request: name, arity: arityOf(encode), encode, decode: noValue }),

    /** An operation with a value. */
    query: <const Name extends string, Value, Args extends readonly unknown[]>(
      name: Name,
      encode: Encode<Args>,
      decode: Decode<Value>,
      errnoValues?: Readonly<Record<string, Value>>,
    ) => ({
      name,
      request: name,
      arity: arityOf(encode),
      encode,
      decode,
      ...(errnoValues !== undefined && { errnoValues }),
    }),

    /**
     * An operation whose value is true; false if the kernel refuses it with one of `errnos` and
     * the option is true.
     */
    forgivable: <const Name extends string, Args extends readonly unknown[]>(
      name: Name,
      errnos: readonly string[],
      option: ForgivingOption,
      encode: Encode<Args>,
    ) => {
      const strict = { name, request: name, decode: yes };
      const errnoValues = Object.fromEntries(errnos.map((errno) => [errno, false]));
      const forgiving = { ...strict, errnoValues };
      const arity = arityOf(encode);
      return {
        ...strict,
        arity,
        encode,
        decoder: (...args: Args): Decoder<Types, boolean> =>
          isForgiving(args[arity - 1], option) ? forgiving : strict,
      };
    },
  };
}
