/**
 * The events that `ipvs director` prints: those of the director, and of its file.
 * @module
 */
import { type DirectorEvent, IpvsError, ReconcileError } from '../../index.js';

/** An event of the file, or the end. */
type FileEvent =
  /** The kernel is as the file wants it, apart from destinations that drain. */
  | { readonly type: 'applied'; readonly file: string }
  /** The file cannot be used: the state before stays in force. */
  | { readonly type: 'rejected'; readonly file: string; readonly message: string }
  /** A signal has ended the director. */
  | { readonly type: 'stopped' };

/** An event. */
export type Event = DirectorEvent | FileEvent;

/** Returns an event as a line of JSON, with the time. */
export function eventToJson(event: Event, time: Date): string {
  const { type, ...rest } = event;
  const details = event.type === 'refused' ? { ...rest, error: errorToJson(event.error) } : rest;
  return JSON.stringify({ time, type, ...details });
}

function errorToJson(error: Error): object {
  const { message } = error;
  if (error instanceof ReconcileError) return { message, errors: error.errors.map(errorToJson) };
  if (!(error instanceof IpvsError)) return { message };
  const { code, target } = error;
  return { code, target, message };
}

/** Returns an event as lines of text: the first names it, the others are indented. */
export function formatEvent(event: Event): string {
  const [title, ...details] = describeEvent(event);
  return [title, ...details.map((line) => `  ${line}`)].join('\n');
}

/** Returns an event as lines of a log, each of which names it. */
export function logLinesOf(event: Event): readonly string[] {
  const [title, ...details] = describeEvent(event);
  const lines = details.map((line) => `${event.type}: ${line}`);
  return lines.length > 0 && title === event.type ? lines : [title, ...lines];
}

function describeEvent(event: Event): readonly [title: string, ...details: string[]] {
  switch (event.type) {
    case 'changed':
    case 'drifted':
      return [event.type, ...event.diff.split('\n')];
    case 'draining':
      return [
        event.type,
        ...event.destinations.map(
          ({ service, destination, activeConnections, inactiveConnections, deadline }) =>
            `${service} ${destination}: ${activeConnections} active and ${inactiveConnections} ` +
            `inactive connections, until ${deadline.toISOString()} at the latest`,
        ),
      ];
    case 'drained':
      return [
        event.type,
        ...event.destinations.map(
          ({ service, destination, reason }) => `${service} ${destination}: ${reason}`,
        ),
      ];
    case 'refused':
      return [`refused: next try in ${event.retryIn} ms`, ...messagesOf(event.error)];
    case 'recovered':
      return ['recovered'];
    case 'overrun':
      return [`overrun: ${event.lost} events were dropped`];
    case 'applied':
      return [`applied ${event.file}`];
    case 'rejected':
      return [`rejected ${event.file}`, event.message];
    case 'stopped':
      return ['stopped'];
  }
}

function messagesOf(error: Error): readonly string[] {
  return error instanceof ReconcileError
    ? error.errors.map(({ message }) => message)
    : [error.message];
}
