/**
 * Definitions of operations: the encoder of the request, the decoder of the response, and the
 * errnos that are values rather than errors.
 * @module
 */
import { checkBoolean, readOptions } from '../core/check.js';
import type { ClientTypes } from './client-types.js';
import type { Incremental } from './incremental.js';

/** Decodes the response to a request. */
export interface Decoder<Types extends ClientTypes, Value> {
  /** The name of the method that users call; errors show it. */
  readonly name: string;
  /** The name of the request in the addon. */
  readonly request: Types['requestName'];
  /**
   * Returns the value of the request at `index`. A long value is decoded incrementally.
   * @param errorOf for a call of several requests: returns the error of the request at an index
   */
  decode(
    response: Types['response'],
    index: number,
    errorOf?: (index: number) => Error,
  ): Value | Incremental<Value>;
  /**
   * The number of requests, if a call has several, from `index` on. `decode` decodes the responses
   * to all of them, also to those that failed. Default: one request, which has succeeded.
   */
  readonly requests?: number;
  /** The values that stand for errnos, by name. A refusal with one of them is not an error. */
  readonly errnoValues?: Readonly<Record<string, Value>>;
}

/** The definition of an operation that takes one request. One object serves all calls. */
export interface Operation<Types extends ClientTypes, Value, Args extends readonly unknown[] = []>
  extends Decoder<Types, Value> {
  /** The most arguments of a call. */
  readonly arity: number;
  /** A hint that is appended to the error for surplus arguments. */
  readonly arityHint?: string;
  /**
   * Encodes the request that was begun.
   * @throws TypeError, RangeError: bad input
   */
  encode(requests: Types['requests'], ...args: Args): void;
  /**
   * Returns the decoder of a call, if it depends on the arguments.
   * @throws TypeError, RangeError: bad input
   */
  decoder?(...args: Args): Decoder<Types, Value>;
}

/**
 * The arguments of an operation. Methods pass on all of theirs, so that surplus ones are refused.
 */
export type ArgumentsOf<Definition> = Definition extends {
  encode(requests: never, ...args: infer Args): void;
}
  ? Args
  : never;

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

/** Returns an operation with another name in errors: that of the routine that calls it. */
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

/** The name of an option with which the absence of an object is not an error. */
type ForgivingOption = 'ifExists' | 'ifRunning';

const FORGIVING_KEYS = {
  ifExists: new Set(['ifExists']),
  ifRunning: new Set(['ifRunning']),
} as const;

/**
 * Returns the value of the option; false if it is left out.
 * @throws TypeError bad options
 */
function isForgiving(options: unknown, name: ForgivingOption): boolean {
  const value = readOptions(options, FORGIVING_KEYS[name])[name];
  return value !== undefined && checkBoolean(`options.${name}`, value);
}

const noValue = () => undefined;
const yes = () => true;

/** Returns the number of parameters of `encode` after the request. */
const arityOf = ({ length }: { readonly length: number }) => length - 1;

/**
 * Returns the functions that define the operations of a client. The parameters of `encode` after
 * the request are those of the operation. Options are the last one.
 */
export function definitions<Types extends ClientTypes>() {
  type Encode<Args extends readonly unknown[]> = (
    requests: Types['requests'],
    ...args: Args
  ) => void;
  type Decode<Value> = Decoder<Types, Value>['decode'];

  type Name = Types['requestName'];

  return {
    /** Defines an operation without a value. */
    withoutValue: <Args extends readonly unknown[]>(
      name: Name,
      encode: Encode<Args>,
    ): Operation<Types, undefined, Args> => ({
      name,
      request: name,
      arity: arityOf(encode),
      encode,
      decode: noValue,
    }),

    /** Defines an operation with a value. */
    withValue: <Value, Args extends readonly unknown[]>(
      name: Name,
      encode: Encode<Args>,
      decode: Decode<Value>,
      errnoValues?: Readonly<Record<string, Value>>,
    ): Operation<Types, Value, Args> => ({
      name,
      request: name,
      arity: arityOf(encode),
      encode,
      decode,
      ...(errnoValues !== undefined && { errnoValues }),
    }),

    /**
     * Defines an operation whose value is true. The value is false if the option is true and the
     * kernel refuses the request with one of `errnos`.
     */
    forgivable: <Args extends readonly unknown[]>(
      name: Name,
      errnos: readonly string[],
      option: ForgivingOption,
      encode: Encode<Args>,
    ): Required<Pick<Operation<Types, boolean, Args>, 'decoder'>> &
      Operation<Types, boolean, Args> => {
      const strict = { name, request: name, decode: yes };
      const errnoValues = Object.fromEntries(errnos.map((errno) => [errno, false]));
      const forgiving = { ...strict, errnoValues };
      const arity = arityOf(encode);
      return {
        ...strict,
        arity,
        encode,
        decoder: (...args) => (isForgiving(args[arity - 1], option) ? forgiving : strict),
      };
    },
  };
}
