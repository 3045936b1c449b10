/**
 * Many operations as one unit.
 * @module
 */
import type { Call } from './calls.js';
import { checkBoolean, readOptions } from './check.js';
import { checkSignal } from './connections.js';
import { IpvsError, wrongType } from './errors.js';
import { Operations } from './operations.js';
import { MAX_REQUESTS, Packed, type Protocol } from './queue/packed.js';
import type { Sending } from './queue/shipment.js';
import type { RequestBuffer } from './records.js';
import type { Results } from './results.js';

/** Options of {@link Ipvs.batch}. */
export interface BatchOptions {
  /**
   * True: after an operation that failed nothing more is sent; what comes after it is rejected with ERR_IPVS_SKIPPED. That costs an exchange
   * with the kernel for each operation. Default false: each is carried out whatever became of the others.
   */
  readonly stopOnError?: boolean | undefined;
  /** Ends it between two parts; what was not sent is rejected with the signal's reason. What was done stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of an operation of a batch: its value, or the error that it would have rejected with. */
export type BatchResult = PromiseSettledResult<unknown>;

/** Lets the functions of this module alone call the constructor. */
const KEY = Symbol('Batch');

/**
 * Takes the operations of a batch: see {@link Ipvs.batch}. Each method checks its arguments at once, throws a TypeError or RangeError on bad
 * input, and returns the operation's place among the results.
 */
export class Batch extends Operations<'place'> {
  /**
   * Not for callers: {@link Ipvs.batch} makes it.
   * @internal
   */
  constructor(
    key: symbol,
    add: <Args extends readonly unknown[]>(call: Call<unknown, Args>, ...args: Args) => number,
  ) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.batch()');
    super(add);
  }
}

type Store = Packed<RequestBuffer, Results>;

/** Collects what `build` adds: at once, unless it is asynchronous. Throws what it throws. @internal */
export function collect(
  protocol: Protocol<RequestBuffer, Results>,
  build: (batch: Batch) => void | PromiseLike<void>,
): readonly Store[] | Promise<readonly Store[]> {
  if (typeof build !== 'function') throw wrongType('build', build, 'a function');
  const stores: Store[] = [];
  let last: Store | undefined;
  let count = 0;
  let hasLeft = false;
  const add = <Args extends readonly unknown[]>(call: Call<unknown, Args>, ...args: Args) => {
    if (hasLeft || last?.isWriting === true) {
      const why = hasLeft ? 'the batch has left already' : 'another operation is being added';
      const { operation } = call;
      throw new IpvsError(`${operation}: ${why}`, { code: 'ERR_IPVS_CLOSED', operation });
    }
    if (last === undefined || last.isFull) {
      // One that comes after a full one is likely to be filled too.
      last = new Packed(protocol.requests(last === undefined ? undefined : MAX_REQUESTS));
      stores.push(last);
    }
    last.pack(call, args);
    return count++;
  };
  const leave = () => {
    hasLeft = true;
    // One whose first operation was refused has none where `build` went on.
    return stores.filter(({ readers }) => readers.length > 0);
  };
  const giveUp = (error: unknown) => {
    hasLeft = true;
    for (const { requests } of stores) protocol.release(requests);
    throw error;
  };
  let built: void | PromiseLike<void>;
  try {
    built = build(new Batch(KEY, add));
  } catch (error) {
    return giveUp(error);
  }
  return isPromise(built) ? Promise.resolve(built).then(leave, giveUp) : leave();
}

function isPromise(value: unknown): value is PromiseLike<void> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

const KEYS = new Set(['stopOnError', 'signal'] as const);

/** Checks the options of a batch. @internal */
export function checkBatchOptions(options: unknown): Sending {
  const { stopOnError, signal } = readOptions(options, KEYS);
  return {
    stopOnError: stopOnError !== undefined && checkBoolean('options.stopOnError', stopOnError),
    signal: checkSignal('options.signal', signal),
  };
}
