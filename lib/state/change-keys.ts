/**
 * The keys of the services and destinations that a plan changes, in little memory.
 * @module
 */
import { formatDestinationAt, formatServiceAt } from '../ipvs/keys.js';
import { type RequestBuffer, SERVICE_KEY_SIZE } from '../ipvs/request-buffer.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';

/** The bytes of a destination's key, with which its record begins. */
const DESTINATION_KEY_SIZE = layout.destination.fields.forwarding.offset;
/** An entry: the place of the key of the service, then the key of the destination. */
const PLACE = 4;
const ENTRY = PLACE + DESTINATION_KEY_SIZE;

/** The keys of changes. That of a service is stored once for changes that follow each other. */
export class ChangeKeys {
  readonly #entries: Records;
  #count = 0;
  #services = new Records(new ArrayBuffer(SERVICE_KEY_SIZE * 32));
  #serviceCount = 0;

  constructor(capacity: number) {
    this.#entries = new Records(new ArrayBuffer(capacity * ENTRY));
  }

  /** Adds the keys of a request. */
  add(requests: RequestBuffer, index: number): void {
    const { records } = requests;
    const service = requests.service(index);
    if (!this.#isLastService(records, service)) this.#addService(records, service);
    const entry = this.#count++ * ENTRY;
    this.#entries.u32s[entry >> 2] = this.#serviceCount - 1;
    // The destination of a request for a service is not read.
    const destination = requests.destination(index);
    this.#entries.copyWords(entry + PLACE, records, destination, DESTINATION_KEY_SIZE);
  }

  #isLastService({ u32s: from }: Records, base: number): boolean {
    if (this.#serviceCount === 0) return false;
    const { u32s } = this.#services;
    const last = ((this.#serviceCount - 1) * SERVICE_KEY_SIZE) >> 2;
    for (let word = 0; word < SERVICE_KEY_SIZE >> 2; word++) {
      if (u32s[last + word] !== from[(base >> 2) + word]) return false;
    }
    return true;
  }

  #addService(from: Records, base: number): void {
    const target = this.#serviceCount++ * SERVICE_KEY_SIZE;
    if (target === this.#services.bytes.length) {
      this.#services = this.#services.enlarged(2 * target);
    }
    this.#services.copyWords(target, from, base, SERVICE_KEY_SIZE);
  }

  /** Returns the text of the service of a change. */
  service(index: number): string {
    const place = this.#entries.u32s[(index * ENTRY) >> 2] ?? 0;
    return formatServiceAt(this.#services, place * SERVICE_KEY_SIZE);
  }

  /** Returns the text of the destination of a change. */
  destination(index: number): string {
    return formatDestinationAt(this.#entries, index * ENTRY + PLACE);
  }
}
