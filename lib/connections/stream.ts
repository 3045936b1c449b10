/**
 * The connection table as an async iterator.
 * @module
 */
import { checkBoolean, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { CancellableIterator } from '../core/iterator.js';
import type { Chunk } from './decode.js';
import { type ConnectionFilter, type EncodedFilter, encodeFilter, FILTER_KEYS } from './filter.js';
import type { Connection } from './types.js';

/** Options of a stream of connections. */
export interface ConnectionOptions extends ConnectionFilter {
  /**
   * If true, tells whether an entry is local or learned (/proc/net/ip_vs_conn_sync), and nothing of
   * persistence engines. Default false.
   */
  readonly origin?: boolean | undefined;
  /** Ends the stream, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS = new Set([...FILTER_KEYS, 'origin', 'signal'] as const);

/** Checks the options of a stream. @internal */
export function checkStreamOptions(options: unknown): {
  readonly filter: EncodedFilter;
  readonly origin: boolean;
  readonly signal: AbortSignal | undefined;
} {
  const { origin, signal, ...filter } = readOptions(options, KEYS);
  return {
    filter: encodeFilter(filter),
    origin: origin !== undefined && checkBoolean('options.origin', origin),
    signal: checkSignal('options.signal', signal),
  };
}

/** The reader of the table that a stream takes its chunks from. @internal */
export interface ChunkSource {
  next(): Promise<Chunk>;
  close(): void;
}

/**
 * The entries of the connection table. Entries of a chunk that was read are handed out without a
 * turn of the event loop, while the next chunk is being read. The stream is read and ended as
 * {@link CancellableIterator} says; closing the handle makes it reject with ERR_IPVS_CLOSED once
 * the chunk that is being read has been handed out, unless that was the last one.
 */
export class ConnectionStream extends CancellableIterator<Connection> {
  readonly #source: ChunkSource;
  #chunk: Chunk | undefined;
  /** The next entry of the chunk. */
  #index = 0;
  /** The chunk after this one, while it is being read. */
  #ahead: Promise<Chunk> | undefined;

  /**
   * Not for callers: use `ipvs.connections()`.
   * @internal
   */
  constructor(source: ChunkSource, signal: AbortSignal | undefined) {
    super();
    this.#source = source;
    this.observe(signal);
  }

  protected override take(): Connection | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return undefined;
    if (this.#index < chunk.count) return chunk.read(this.#index++);
    if (chunk.last) this.end();
    return undefined;
  }

  protected override refill(): void {
    // Reading begins before next() returns, so that close() waits for it.
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.#ahead ??= this.#source.next();
      const chunk = await this.#ahead;
      if (this.ended) return;
      this.#chunk = chunk;
      this.#index = 0;
      this.#ahead = chunk.last ? undefined : this.#source.next();
      // Its failure is reported when it is awaited.
      this.#ahead?.catch(() => undefined);
    } catch (error) {
      this.fail(error);
    }
    this.serve();
  }

  protected override async release(): Promise<void> {
    this.#chunk = undefined;
    // The file is closed when nothing reads it any more.
    if (this.#ahead !== undefined) await this.#ahead.catch(() => undefined);
    this.#source.close();
  }
}
