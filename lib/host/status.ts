/**
 * The state of the kernel's own tables: how full they are.
 * @module
 */
import { constants } from 'node:os';
import { missingTableError, NET_FILE, TOTALS_FILE } from '../native/missing-files.js';
import { fileError } from '../native/native-errors.js';
import { type FileRoutine, readFiles } from '../queue/routine.js';

/** The file in which Linux 7 and later describe their tables. */
const STATUS_FILE = '/proc/thread-self/net/ip_vs_status';

/** The tables of the network namespace (/proc/net/ip_vs_status, from Linux 7). */
export interface Status {
  /** Connections, templates among them. */
  readonly connections: number;
  /** Buckets of the connection table, which grows with it. */
  readonly connectionBuckets: number;
  /** Services of the network namespace. */
  readonly services: number;
  /** Buckets of the service table. */
  readonly serviceBuckets: number;
  /** Every line of the file, by its title; some say how full the buckets are. */
  readonly lines: Readonly<Record<string, string>>;
}

/** Returns the state in the text of {@link STATUS_FILE}. @internal */
export function parseStatus(text: string): Status {
  const lines: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, title, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (title !== undefined && value !== undefined) lines[title] = value;
  }
  const number = (title: string) => Number.parseInt(lines[title] ?? '0', 10);
  return {
    connections: number('Conns'),
    connectionBuckets: number('Conn buckets'),
    services: number('Services'),
    serviceBuckets: number('Service buckets'),
    lines,
  };
}

/** Reads the state; undefined if the kernel has IPVS, but not this file. @internal */
export function* readStatus(): FileRoutine<Status | undefined> {
  const [text = 0, totals] = yield* readFiles([STATUS_FILE, TOTALS_FILE]);
  if (typeof text === 'string') return parseStatus(text);
  if (text === constants.errno.ENOENT) {
    if (typeof totals === 'string') return undefined;
    const [net] = yield* readFiles([NET_FILE]);
    throw missingTableError('getStatus', STATUS_FILE, net);
  }
  const hint = text === constants.errno.EACCES ? ': only user 0 may read it' : '';
  throw fileError('getStatus', STATUS_FILE, text, hint);
}
