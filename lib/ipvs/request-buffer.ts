/**
 * Buffers of requests to IPVS, and the keys of the request that is being encoded.
 * @module
 */
import type { OperationName } from '../native/addon.js';
import { EncodedRequests } from '../native/encoded-requests.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';

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
  /** Returns the offset of the service. */
  service(): number;
  /** Returns the offset of the destination. */
  destination(): number;
}

/** Returns a draft whose service and destination lie at fixed offsets. */
export function draftIn(records: Records, service: number, destination: number): Draft {
  return { records, keys: noKeys(), service: () => service, destination: () => destination };
}

const noKeys = (): Keys => ({
  serviceFamily: 0,
  fwmark: 0,
  protocol: 0,
  servicePort: 0,
  destinationFamily: 0,
  destinationPort: 0,
});

/** The most bytes that are kept for responses: more than a chunk of a snapshot usually takes. */
const MAX_MEMORY = 256 * 1024;

/** A buffer of encoded requests to IPVS. */
export class RequestBuffer extends EncodedRequests<OperationName> implements Draft {
  /** The keys of the request that is being encoded, as far as they are encoded. */
  readonly keys = noKeys();
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

  /** Returns the offset of the service of a request; default: the one that is being encoded. */
  service(index = this.count): number {
    return this.base(index) + fields.service.offset;
  }

  /** Returns the offset of the destination of a request; default: the one that is being encoded. */
  destination(index = this.count): number {
    return this.base(index) + fields.destination.offset;
  }
}
