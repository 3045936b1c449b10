/**
 * Buffers of requests to IPVS, and the keys of the request that is being encoded.
 * @module
 */
import type { OperationName } from '../native/addon.js';
import { EncodedRequests } from '../native/encoded-requests.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { SERVICE_KEY } from './properties.js';
import type { Unchecked } from './settings.js';

const { fields } = layout.request;

/**
 * The keys of the service and the destination that are being encoded, as numbers: the checks of
 * settings need them.
 */
export interface Keys {
  /** AF_INET or AF_INET6. */
  serviceFamily: number;
  /** 0 for a service with an address. */
  fwmark: number;
  /** 0 for a firewall mark. */
  protocol: number;
  /** 0 for a firewall mark. */
  servicePort: number;
  destinationFamily: number;
  destinationPort: number;
}

/** Records of a service and of a destination that are being encoded. */
export interface Draft {
  readonly records: Records;
  readonly keys: Keys;
  /** The offset of the service. */
  readonly serviceBase: number;
  /** The offset of the destination. */
  readonly destinationBase: number;
}

/** Returns a draft whose service and destination lie at fixed offsets. */
export function draftIn(records: Records, serviceBase: number, destinationBase: number): Draft {
  return { records, keys: noKeys(), serviceBase, destinationBase };
}

const noKeys = (): Keys => ({
  serviceFamily: 0,
  fwmark: 0,
  protocol: 0,
  servicePort: 0,
  destinationFamily: 0,
  destinationPort: 0,
});

/** The bytes of a service's key, with which its record begins. */
const SERVICE_KEY_SIZE = layout.service.fields.flags.offset;

/** The place of no request, and not of the one before the first either. */
const NOWHERE = -2;

/** The properties of a service's key. */
export type ServiceKeyProperties = Unchecked<(typeof SERVICE_KEY)[number]>;
const NO_PROPERTIES: ServiceKeyProperties = {};

/** The most bytes that are kept for responses: more than a chunk of a snapshot usually takes. */
const MAX_MEMORY = 256 * 1024;

/** A buffer of encoded requests to IPVS. */
export class RequestBuffer extends EncodedRequests<OperationName> implements Draft {
  /** The keys of the request that is being encoded, as far as they are encoded. */
  readonly keys = noKeys();
  serviceBase: number = fields.service.offset;
  destinationBase: number = fields.destination.offset;
  /** The reference to the last service, and the properties of its key if it is an object. */
  #lastService: unknown;
  #lastKey = NO_PROPERTIES;
  /** The index of the request with the last service. */
  #lastIndex = NOWHERE;
  /** True if that is the request before the one that is being encoded. */
  #canRepeat = false;
  #memory: ArrayBuffer | undefined;

  constructor(capacity?: number) {
    super(layout.request, layout.operations, capacity);
  }

  /**
   * Memory for the destinations of the response to all requests of the buffer. It is used again and
   * again, because touching fresh memory takes longer than filling it.
   */
  get memory(): ArrayBuffer | undefined {
    return this.#memory;
  }

  /** Keeps the memory of a response, which must be decoded before the buffer is used again. */
  set memory(memory: ArrayBuffer | undefined) {
    if (memory !== undefined && memory.byteLength <= MAX_MEMORY) this.#memory = memory;
  }

  override begin(operation: OperationName): void {
    super.begin(operation);
    this.serviceBase = this.current + fields.service.offset;
    this.destinationBase = this.current + fields.destination.offset;
    this.#canRepeat = this.#lastIndex === this.count - 1;
    this.#lastIndex = NOWHERE;
  }

  override clear(): void {
    super.clear();
    this.#lastService = undefined;
    this.#lastKey = NO_PROPERTIES;
    this.#lastIndex = NOWHERE;
  }

  /**
   * Keeps the reference from which the key of the service was encoded. An object must be a plain
   * one.
   * @param key the properties that were encoded, if the reference is an object
   */
  keepService(reference: unknown, key = NO_PROPERTIES): void {
    this.#lastService = reference;
    this.#lastKey = key;
    this.#lastIndex = this.count;
  }

  /**
   * Encodes the service by copying its key, if the request before has the same reference, and the
   * object has not changed since. Destinations are often added in runs.
   */
  repeatService(reference: unknown): boolean {
    if (!this.#canRepeat || reference !== this.#lastService) return false;
    if (typeof reference === 'object') {
      // Of objects, only those are kept that may have these properties.
      const { protocol, address, port, fwmark, family } = reference as ServiceKeyProperties;
      const last = this.#lastKey;
      if (protocol !== last.protocol || address !== last.address || port !== last.port)
        return false;
      if (fwmark !== last.fwmark || family !== last.family) return false;
    }
    const from = this.service(this.count - 1);
    this.records.bytes.copyWithin(this.serviceBase, from, from + SERVICE_KEY_SIZE);
    this.#lastIndex = this.count;
    return true;
  }

  /** Returns the offset of the service of a request. */
  service(index: number): number {
    return this.base(index) + fields.service.offset;
  }

  /** Returns the offset of the destination of a request. */
  destination(index: number): number {
    return this.base(index) + fields.destination.offset;
  }
}
