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

const noKeys = (): Keys => ({
  serviceFamily: 0,
  fwmark: 0,
  protocol: 0,
  servicePort: 0,
  destinationFamily: 0,
  destinationPort: 0,
});

/** The bytes of a service's key, with which its record begins. */
export const SERVICE_KEY_SIZE = layout.service.fields.flags.offset;

/** The place of no request, and not of the one before the first either. */
const NOWHERE = -2;

/** The properties of a service's key. */
export type ServiceKeyProperties = Unchecked<(typeof SERVICE_KEY)[number]>;
const NO_PROPERTIES: ServiceKeyProperties = {};

/** The most bytes that are kept for responses: more than a chunk of a snapshot usually takes. */
const MAX_MEMORY = 256 * 1024;

/** A buffer of encoded requests to IPVS. */
export class RequestBuffer extends EncodedRequests<OperationName> {
  /** The keys of the request that is being encoded, as far as they are encoded. */
  readonly keys = noKeys();
  /** The reference to the last service, and the properties of its key if it is an object. */
  #lastService: unknown;
  #lastKey = NO_PROPERTIES;
  /** The index of the request with the last service. */
  #lastIndex = NOWHERE;
  #memory: ArrayBuffer | undefined;

  constructor(capacity?: number) {
    super(layout.request, layout.operations, capacity);
  }

  /** Returns a buffer with the requests that the addon, or another buffer, has encoded. */
  static of(requests: ArrayBuffer): RequestBuffer {
    const buffer = new RequestBuffer(0);
    buffer.adopt(requests);
    return buffer;
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

  override discard(count: number): void {
    super.discard(count);
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
    if (this.#lastIndex !== this.count - 1 || reference !== this.#lastService) return false;
    if (typeof reference === 'object') {
      // Of objects, only those are kept that may have these properties.
      const { protocol, address, port, fwmark, family } = reference as ServiceKeyProperties;
      const key = this.#lastKey;
      if (protocol !== key.protocol || address !== key.address || port !== key.port) return false;
      if (fwmark !== key.fwmark || family !== key.family) return false;
    }
    const at = this.current + fields.service.offset;
    const last = at - layout.request.size;
    this.records.bytes.copyWithin(at, last, last + SERVICE_KEY_SIZE);
    this.#lastIndex = this.count;
    return true;
  }

  /** Encodes a service by copying its key from the record at `base`. */
  copyService(from: Records, base: number): void {
    this.records.copyWords(this.service(), from, base, SERVICE_KEY_SIZE);
  }

  /** Adds a request of another buffer. */
  copyRequest(from: RequestBuffer, index: number): void {
    const { bytes } = from.records;
    this.records.bytes.set(
      bytes.subarray(from.base(index), from.base(index + 1)),
      this.base(this.count),
    );
    this.commit();
  }

  /** Returns the offset of the service of a request; default: the one that is being encoded. */
  service(index = this.count): number {
    return this.base(index) + fields.service.offset;
  }

  /** Returns the offset of the destination of a request; default: the one that is being encoded. */
  destination(index = this.count): number {
    return this.base(index) + fields.destination.offset;
  }
}
