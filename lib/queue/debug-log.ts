/**
 * A line on standard error for each call and each exchange: `NODE_DEBUG=ipvs`. Loaded only then.
 * @module
 */
import { debuglog } from '../core/util.js';
import { type CallMessage, calls, type ExchangeMessage, exchanges } from './trace.js';

let isOn = false;

/** Prints what is traced from now on, in this thread. Calling it again does nothing. */
export function startDebugLog(): void {
  if (isOn) return;
  isOn = true;
  const log = debuglog('ipvs');
  const print = (line: string) => log('%s', line);
  subscribe(calls, (message) => print(callLine(message)));
  subscribe(exchanges, (message) => print(exchangeLine(message)));
}

/** Calls `print` at the end of each call, of those with a promise when it settles. */
function subscribe<Message extends { readonly isSync: boolean }>(
  channel: {
    subscribe(subscribers: Partial<Record<'end' | 'asyncEnd', (message: Message) => void>>): void;
  },
  print: (message: Message) => void,
): void {
  channel.subscribe({
    end: (message) => {
      if (message.isSync) print(message);
    },
    asyncEnd: print,
  });
}

const milliseconds = (duration = 0) => `${duration.toFixed(2)} ms`;

const where = (namespace: string) => (namespace === '' ? '' : ` in ${namespace}`);

/** Returns the line of a call: 'addService tcp://10.96.0.1:80: 0.31 ms'. */
export function callLine(message: CallMessage): string {
  const { operation, target, namespace, isSync, size, failures = 0, duration, error } = message;
  const call = [isSync ? `sync.${operation}` : operation, target].filter((text) => text !== '');
  const count = size === undefined ? '' : ` of ${size} operations, of which ${failures} failed`;
  const failure = error === undefined ? '' : `, ${describe(error)}`;
  return `${call.join(' ')}${count}${where(namespace)}: ${milliseconds(duration)}${failure}`;
}

/** Returns the line of an exchange: 'exchange of 3 requests (ipvs): 0.25 ms'. */
export function exchangeLine(message: ExchangeMessage): string {
  const { requests, protocol, namespace, duration, error } = message;
  const noun = requests === 1 ? 'request' : 'requests';
  const failure = error === undefined ? '' : `, ${describe(error)}`;
  const exchange = `exchange of ${requests} ${noun} (${protocol})${where(namespace)}`;
  return `${exchange}: ${milliseconds(duration)}${failure}`;
}

/** Returns the code of an error, or else its message. */
function describe(error: unknown): string {
  const { code, message } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return String(code ?? message ?? error);
}
