/**
 * The connection of the command to the kernel: one exchange after the other, without promises.
 * @module
 */
import { RequestBuffer } from '../../ipvs/request-buffer.js';
import { IpvsResponse } from '../../ipvs/response.js';
import type { ServiceWithDestinations } from '../../ipvs/service.js';
import { asBigint, asNumber, type Counter, type DecodeStats } from '../../ipvs/stats.js';
import type { SyncDaemon } from '../../ipvs/sync-daemon.js';
import type { Timeouts } from '../../ipvs/timeouts.js';
import type { Invocation } from '../../ipvsadm/grammar/invocation.js';
import type { NativeHandle, OperationName } from '../../native/addon.js';
import { layout } from '../../native/layout.js';
import { complete } from '../../queue/incremental.js';
import { encodeServiceKey } from './encode-request.js';

/** A request that the kernel refused, or whose response was lost. */
export class KernelError extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

/** The errno of a response that was lost. */
const EIO = 5;
const ESRCH = 3;
/** The most services whose destinations are requested together. */
const CHUNK = 256;

/** A service with destinations. */
type Row = ServiceWithDestinations<Counter>;

/** An open connection. */
export class Kernel {
  readonly #handle: NativeHandle;

  constructor(handle: NativeHandle) {
    this.#handle = handle;
  }

  close(): void {
    this.#handle.close();
  }

  /** Sends requests without values. Returns the errno of each that failed, by its place. */
  change(requests: RequestBuffer): ReadonlyMap<number, number> {
    const failed = new Map<number, number>();
    const response = this.#send(requests);
    if (response.isEmpty) return failed;
    for (let place = 0; place < requests.count; place++) {
      if (!response.succeeded(place)) failed.set(place, response.number(place, 'error') || EIO);
    }
    return failed;
  }

  /** @throws KernelError */
  getInfo() {
    return this.#query('getInfo').info(0);
  }

  /** @throws KernelError */
  getTimeouts(): Timeouts {
    return this.#query('getTimeouts').timeouts(0);
  }

  /** @throws KernelError */
  listSyncDaemons(): readonly SyncDaemon[] {
    return complete(this.#query('listSyncDaemons').daemons(0));
  }

  /**
   * Returns all services.
   * @param counters true if the counters are needed, as BigInts
   * @throws KernelError
   */
  listTable(counters: boolean): readonly Row[] {
    return this.#withDestinations(this.#query('listServices'), counters);
  }

  /** Returns the service of a command line, in a list. Throws a KernelError if there is none. */
  getRow(invocation: Invocation, counters: boolean): readonly Row[] {
    const response = this.#query('getService', (requests) =>
      encodeServiceKey(requests, invocation),
    );
    return this.#withDestinations(response, counters);
  }

  /** Returns the services of a response, with their destinations. */
  #withDestinations(listed: IpvsResponse, counters: boolean): readonly Row[] {
    const decode: DecodeStats<Counter> = counters ? asBigint : asNumber;
    const services = complete(listed.services(0, decode));
    const first = listed.number(0, 'firstService');
    const { size, fields } = layout.serviceEntry;
    const rows: Row[] = [];
    for (let start = 0; start < services.length; start += CHUNK) {
      const chunk = services.slice(start, start + CHUNK);
      const requests = new RequestBuffer(chunk.length);
      for (const index of chunk.keys()) {
        const base = (first + start + index) * size + fields.service.offset;
        requests.begin('listDestinations');
        requests.copyService(listed.serviceRecords, base);
        requests.commit();
      }
      const response = this.#send(requests);
      for (const [place, service] of chunk.entries()) {
        const errno = response.succeeded(place) ? 0 : response.number(place, 'error');
        // A service that another program has deleted meanwhile is left out.
        if (errno === ESRCH) continue;
        if (errno !== 0) throw new KernelError(errno);
        const destinations = complete(response.destinations(place, decode));
        rows.push(Object.assign(service, { destinations }));
      }
    }
    return rows;
  }

  /** Sends one request. */
  #query(operation: OperationName, encode?: (requests: RequestBuffer) => void): IpvsResponse {
    const requests = new RequestBuffer(1);
    requests.begin(operation);
    encode?.(requests);
    requests.commit();
    const response = this.#send(requests);
    if (!response.succeeded(0)) throw new KernelError(response.number(0, 'error') || EIO);
    return response;
  }

  #send(requests: RequestBuffer): IpvsResponse {
    return IpvsResponse.of(this.#handle.runSync(requests.records.bytes, requests.count));
  }
}
