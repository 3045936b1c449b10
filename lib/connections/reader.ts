/**
 * Reading the connection table through the addon.
 * @module
 */
import { IpvsError } from '../core/errors.js';
import type { Native, NativeCursor, NativeHandle } from '../native/addon.js';
import { missingTableError, NET_FILE } from '../native/missing-files.js';
import { nativeCallError } from '../native/native-errors.js';
import { type ConnectionCount, type CountBy, countMask, decodeCounts } from './count.js';
import { type Chunk, decodeChunk } from './decode.js';
import type { EncodedFilter } from './filter.js';
import { learnFacts, type Run } from './service-facts.js';

/** Entries that are read at a time: some hundred KiB, some milliseconds. */
const CHUNK_SIZE = 2048;

/** The handle that a table is read through. */
interface TableAccess {
  readonly Cursor: Native['Cursor'];
  readonly handle: NativeHandle;
  /** Runs a task when the exchanges before it have ended; closing the handle waits for it. */
  readonly runTask: <Value>(task: (run: Run) => Promise<Value>) => Promise<Value>;
}

/**
 * A reader of the connection table. Its first task asks the kernel for the facts that the filter
 * needs, and opens the table.
 */
export class ConnectionReader {
  readonly #access: TableAccess;
  readonly #operation: string;
  readonly #filter: EncodedFilter;
  readonly #origin: boolean;
  #cursor: NativeCursor | undefined;

  /**
   * @param operation the method that reads the table, for its errors
   * @param origin true to read which entries a sync daemon learned
   */
  constructor(access: TableAccess, operation: string, filter: EncodedFilter, origin: boolean) {
    this.#access = access;
    this.#operation = operation;
    this.#filter = filter;
    this.#origin = origin;
  }

  /** Reads the next chunk of the table. */
  async next(): Promise<Chunk> {
    return decodeChunk(await this.#read((cursor) => cursor.next(CHUNK_SIZE)));
  }

  /** Counts the connections, grouped by columns. */
  async count(by: ReadonlySet<CountBy>): Promise<ConnectionCount[]> {
    return decodeCounts(await this.#read((cursor) => cursor.count(countMask(by))), by);
  }

  /** Closes the table. No reading may be in flight. */
  close(): void {
    this.#cursor?.close();
  }

  #read<Value>(read: (cursor: NativeCursor) => Promise<Value>): Promise<Value> {
    return this.#access.runTask(async (run) => {
      this.#cursor ??= await this.#open(run);
      try {
        return await read(this.#cursor);
      } catch (error) {
        throw await this.#translate(error);
      }
    });
  }

  async #open(run: Run): Promise<NativeCursor> {
    const { Cursor, handle } = this.#access;
    const { record, query } = this.#filter;
    const { claimedPorts, destinations } = await learnFacts(this.#operation, query, run);
    return new Cursor(handle, record, this.#origin, claimedPorts, destinations);
  }

  async #translate(error: unknown): Promise<unknown> {
    const translated = nativeCallError(error, this.#operation);
    const isMissing = translated instanceof IpvsError && translated.code === 'ERR_IPVS_UNAVAILABLE';
    if (!isMissing) return translated;
    const path = `/proc/thread-self/net/ip_vs_conn${this.#origin ? '_sync' : ''}`;
    const [net] = await this.#access.handle.readFiles([NET_FILE]);
    return missingTableError(this.#operation, path, net);
  }
}
