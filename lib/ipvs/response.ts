/**
 * Responses of IPVS.
 * @module
 */
import type { Layout, NativeIpvsResponse, StatusName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { type Records, recordsOf } from '../native/records.js';
import { ExchangeResponse } from '../native/response.js';
import { type List, listOf } from '../queue/incremental.js';
import { decodeDestinationEntry } from './decode-destination.js';
import { decodeServiceEntry } from './decode-service.js';
import type { Destination } from './destination.js';
import type { Service } from './service.js';
import type { Counter, DecodeStats } from './stats.js';
import { decodeSyncDaemon, type SyncDaemon } from './sync-daemon.js';
import { decodeTimeouts, type Timeouts } from './timeouts.js';

/** The response to requests of IPVS. */
export class IpvsResponse extends ExchangeResponse<keyof Layout['result']['fields'], StatusName> {
  /** The services of all requests. */
  readonly serviceRecords: Records;
  /** The destinations of all requests. */
  readonly destinationRecords: Records;
  readonly #daemons: Records;

  constructor(native: NativeIpvsResponse) {
    super(native, layout.result, layout.statuses);
    this.serviceRecords = recordsOf(native.services);
    this.destinationRecords = recordsOf(native.destinations);
    this.#daemons = recordsOf(native.daemons);
  }

  /** The one service of a request. */
  service<Value extends Counter>(index: number, decode: DecodeStats<Value>): Service<Value> {
    return this.#service(this.number(index, 'firstService'), decode);
  }

  /** The services of a request. */
  services<Value extends Counter>(index: number, decode: DecodeStats<Value>): List<Service<Value>> {
    const first = this.number(index, 'firstService');
    return listOf(first, this.number(index, 'services'), (place) => this.#service(place, decode));
  }

  /** The one destination of a request. */
  destination<Value extends Counter>(
    index: number,
    decode: DecodeStats<Value>,
  ): Destination<Value> {
    return this.#destination(this.number(index, 'firstDestination'), decode);
  }

  /** The destinations of a request. */
  destinations<Value extends Counter>(
    index: number,
    decode: DecodeStats<Value>,
  ): List<Destination<Value>> {
    const first = this.number(index, 'firstDestination');
    return listOf(first, this.number(index, 'destinations'), (place) =>
      this.#destination(place, decode),
    );
  }

  daemons(index: number): List<SyncDaemon> {
    const first = this.number(index, 'firstDaemon');
    const { size } = layout.daemon;
    return listOf(first, this.number(index, 'daemons'), (place) =>
      decodeSyncDaemon(this.#daemons, place * size),
    );
  }

  timeouts(index: number): Timeouts {
    const { size, fields } = layout.result;
    return decodeTimeouts(this.results, index * size + fields.timeouts.offset);
  }

  #service<Value extends Counter>(place: number, decode: DecodeStats<Value>): Service<Value> {
    return decodeServiceEntry(this.serviceRecords, place * layout.serviceEntry.size, decode);
  }

  #destination<Value extends Counter>(
    place: number,
    decode: DecodeStats<Value>,
  ): Destination<Value> {
    const base = place * layout.destinationEntry.size;
    return decodeDestinationEntry(this.destinationRecords, base, decode);
  }
}
