/**
 * Tracing of calls and exchanges with node:diagnostics_channel. Without subscribers, a call costs
 * one check.
 * @module
 */
import type { TracingChannel } from 'node:diagnostics_channel';

/**
 * The message of a call on the tracing channel `ipvs:call`. One object goes through all events of
 * the call.
 */
export interface CallMessage {
  /** The method that was called: 'addService', 'sysctls.set'. */
  readonly operation: string;
  /**
   * The object of the call, as errors name it: 'tcp://10.96.0.1:443', '10.0.0.1:80 of
   * tcp://10.96.0.1:443'; '' if it has none.
   */
  readonly target: string;
  /**
   * The network namespace of the handle: its path, 'descriptor 7', or '' for that of the process.
   */
  readonly namespace: string;
  /** True for a call without a promise, which ends with the event `end`. */
  readonly isSync: boolean;
  /** The number of operations of `batch()`, from its end on; undefined for other calls. */
  readonly size?: number;
  /** The number of operations of `batch()` that failed, from its end on. */
  readonly failures?: number;
  /** Milliseconds from the call to its result; undefined before its end. */
  readonly duration?: number;
  /** The error of a call that failed; undefined before its end. */
  readonly error?: unknown;
  /** The value of a call that succeeded; undefined before its end. */
  readonly result?: unknown;
}

/** The message of an exchange with the kernel, on the tracing channel `ipvs:exchange`. */
export interface ExchangeMessage {
  /** The network namespace of the handle, as in {@link CallMessage}. */
  readonly namespace: string;
  /** The protocol of the exchange. */
  readonly protocol: 'ipvs' | 'links';
  /** The number of requests that are sent together. */
  readonly requests: number;
  /** True for the exchange of a call without a promise. */
  readonly isSync: boolean;
  /** Milliseconds that the exchange took; undefined before its end. */
  readonly duration?: number;
  /** The error of an exchange that failed as a whole. Refusals of requests are not among them. */
  readonly error?: unknown;
}

const { tracingChannel } = process.getBuiltinModule('node:diagnostics_channel');

/** The calls of all handles: `tracing:ipvs:call:start` and so on. */
export const calls: TracingChannel<unknown, CallMessage> = tracingChannel('ipvs:call');
/** The exchanges of all handles. */
export const exchanges: TracingChannel<unknown, ExchangeMessage> = tracingChannel('ipvs:exchange');

/**
 * Returns true if an event has a subscriber. In Bun, a channel of events does not say so itself.
 */
const isTraced = ({ start, end, asyncStart, asyncEnd, error }: typeof calls | typeof exchanges) =>
  start.hasSubscribers ||
  end.hasSubscribers ||
  asyncStart.hasSubscribers ||
  asyncEnd.hasSubscribers ||
  error.hasSubscribers;

/** Returns true if somebody traces calls. */
export const areCallsTraced = (): boolean => isTraced(calls);
/** Returns true if somebody traces exchanges. */
export const areExchangesTraced = (): boolean => isTraced(exchanges);

const { start: callStart, end: callEnd, error: callError } = calls;
const { start: exchangeStart, end: exchangeEnd, error: exchangeError } = exchanges;

/**
 * Returns true if somebody traces synchronous calls or exchanges: the events that they have are
 * checked, and no others, because such calls are frequent.
 */
export const isSyncTraced = (): boolean =>
  callStart.hasSubscribers ||
  callEnd.hasSubscribers ||
  callError.hasSubscribers ||
  exchangeStart.hasSubscribers ||
  exchangeEnd.hasSubscribers ||
  exchangeError.hasSubscribers;

/** The message of a call while it is being made. */
export type CallRecord = { -readonly [Name in keyof CallMessage]: CallMessage[Name] };

/** The properties that every message gets when its work has ended. */
interface EndFields {
  duration?: number;
  error?: unknown;
  result?: unknown;
}

/** A call or an exchange that is traced. */
export class Span<Message extends EndFields> {
  readonly message: Message;
  readonly #channel: TracingChannel<unknown, Message>;
  readonly #hasResult: boolean;
  readonly #began = performance.now();

  /** @param hasResult false: the message does not get the value */
  constructor(channel: TracingChannel<unknown, Message>, message: Message, hasResult = true) {
    this.#channel = channel;
    this.message = message;
    this.#hasResult = hasResult;
  }

  /** Runs what is synchronous, between the events `start` and `end`. */
  begin<Value>(run: () => Value): Value {
    return this.#channel.start.runStores(this.message, () => {
      try {
        return run();
      } finally {
        this.#channel.end.publish(this.message);
      }
    });
  }

  /** Runs a synchronous call, and publishes its error. */
  runSync<Value>(run: () => Value): Value {
    return this.begin(() => {
      try {
        const value = run();
        this.#note({ status: 'fulfilled', value });
        return value;
      } catch (reason) {
        this.#note({ status: 'rejected', reason });
        throw reason;
      }
    });
  }

  /** Runs an asynchronous call, and publishes its error and its end. */
  async run<Value>(run: () => Promise<Value>): Promise<Value> {
    try {
      const value = await this.begin(run);
      this.settle({ status: 'fulfilled', value });
      return value;
    } catch (reason) {
      this.settle({ status: 'rejected', reason });
      throw reason;
    }
  }

  /** Publishes all events of a call that failed before it was sent. */
  fail(reason: unknown, isSync: boolean): void {
    const result = { status: 'rejected', reason } as const;
    this.begin(() => isSync && this.#note(result));
    if (!isSync) this.settle(result);
  }

  /** Publishes the end of an asynchronous call, before its promise settles. */
  settle(result: PromiseSettledResult<unknown>): void {
    this.#note(result);
    this.#channel.asyncStart.publish(this.message);
    this.#channel.asyncEnd.publish(this.message);
  }

  #note(result: PromiseSettledResult<unknown>): void {
    const { message } = this;
    message.duration = performance.now() - this.#began;
    if (result.status === 'fulfilled') {
      if (this.#hasResult) message.result ??= result.value;
    } else {
      message.error = result.reason;
      this.#channel.error.publish(message);
    }
  }
}
