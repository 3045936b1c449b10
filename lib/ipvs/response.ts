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

  /** Returns the response of the addon; undefined: all requests succeeded without a value. */
  static of(native: NativeIpvsResponse | undefined): IpvsResponse {
    return native === undefined ? SUCCESS : new IpvsResponse(native);
  }

  /** The one service of a request. */
  service<Value extends Counter>(index: number, decode: DecodeStats<Value>): Service<Value> {
    const base = this.number(index, 'firstService') * layout.serviceEntry.size;
    return decodeServiceEntry(this.serviceRecords, base, decode);
  }

  /** The services of a request. */
  services<Value extends Counter>(index: number, decode: DecodeStats<Value>): List<Service<Value>> {
    const first = this.number(index, 'firstService');
    const records = this.serviceRecords;
    const { size } = layout.serviceEntry;
    return listOf(first, this.number(index, 'services'), (place) =>
      decodeServiceEntry(records, place * size, decode),
    );
  }

  /** The one destination of a request. */
  destination<Value extends Counter>(
    index: number,
    decode: DecodeStats<Value>,
  ): Destination<Value> {
    const base = this.number(index, 'firstDestination') * layout.destinationEntry.size;
    return decodeDestinationEntry(this.destinationRecords, base, decode);
  }

  /** The destinations of a request. */
  destinations<Value extends Counter>(
    index: number,
    decode: DecodeStats<Value>,
  ): List<Destination<Value>> {
    const first = this.number(index, 'firstDestination');
    const records = this.destinationRecords;
    const { size } = layout.destinationEntry;
    return listOf(first, this.number(index, 'destinations'), (place) =>
      decodeDestinationEntry(records, place * size, decode),
    );
  }

  daemons(index: number): List<SyncDaemon> {
    const first = this.number(index, 'firstDaemon');
    const { size } = layout.daemon;
    return listOf(first, this.number(index, 'daemons'), (place) =>
      decodeSyncDaemon(this.#daemons, place * size),
    );
  }

  /** The version of IPVS, and the size of its table of connections. */
  info(index: number) {
    const version = this.number(index, 'version');
    return {
      version: `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`,
      connectionTableSize: this.number(index, 'connectionTableSize'),
    };
  }

  timeouts(index: number): Timeouts {
    const { size, fields } = layout.result;
    return decodeTimeouts(this.results, index * size + fields.timeouts.offset);
  }
}

/** The response to requests that all succeeded without a value. It is shared: most are so. */
const SUCCESS = new IpvsResponse({});
