/**
 * Tracing the calls and exchanges of a client. Nothing here is called without subscribers.
 * @module
 */
import { isInputError } from '../core/input-errors.js';
import type { Client } from './client.js';
import type { ClientTypes } from './client-types.js';
import type { CallPromises } from './shared-promise.js';
import { type CallRecord, calls, type ExchangeMessage, exchanges, Span } from './trace.js';

/** A call that is traced. */
export type CallSpan = Span<CallRecord>;

/** Makes the spans of a client's calls and exchanges. */
export class Tracer {
  readonly #client: Pick<Client<ClientTypes>, 'namespace' | 'protocol'>;

  constructor(client: Pick<Client<ClientTypes>, 'namespace' | 'protocol'>) {
    this.#client = client;
  }

  /** Returns the span of a call. */
  call(operation: string, isSync: boolean, target = ''): CallSpan {
    const { namespace } = this.#client;
    return new Span(calls, { operation, target, namespace, isSync });
  }

  /** Traces a call that failed before it was sent. */
  failure(operation: string, error: unknown, isSync: boolean): void {
    const target = isInputError(error) ? error.target : '';
    this.call(operation, isSync, target).fail(error, isSync);
  }

  /** Returns the span of an exchange of so many requests. */
  exchange(requests: number, isSync: boolean): Span<ExchangeMessage> {
    const { namespace, protocol } = this.#client;
    return new Span(exchanges, { namespace, protocol, requests, isSync }, false);
  }
}

/** Returns a function that ends the spans of calls, in order, and passes their results on. */
export function settleTraced(
  spans: readonly (CallSpan | undefined)[],
  promises: CallPromises,
): CallPromises['settle'] {
  let place = 0;
  return (result) => {
    const span = spans[place++];
    if (result.status === 'fulfilled' && result.value instanceof Promise) {
      // A list that is decoded after the other results.
      result.value.then(
        (value) => span?.settle({ status: 'fulfilled', value }),
        (reason) => span?.settle({ status: 'rejected', reason }),
      );
    } else {
      span?.settle(result);
    }
    promises.settle(result);
  };
}
