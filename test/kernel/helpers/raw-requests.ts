/**
 * Requests to the addon without the facade, and so without its checks: all that a program with the
 * rights can do to the kernel.
 * @module
 */
import { RequestBuffer } from '../../../lib/ipvs/request-buffer.js';
import type { Layout, OperationName, RecordLayout } from '../../../lib/native/addon.js';
import { layout } from '../../../lib/native/layout.js';
import { loadNative } from '../../../lib/native/load.js';
import { Records } from '../../../lib/native/records.js';
import type { Namespace } from './namespace.js';

/** Fields of a record: numbers, names, or the bytes of addresses. Fields that are left out are zero. */
type Values<Name extends string> = Readonly<Partial<Record<Name, number | string | Uint8Array>>>;
type FieldsOf<Part extends keyof Layout> =
  Layout[Part] extends RecordLayout<infer Name> ? Values<Name> : never;

export interface RawRequest {
  readonly operation: OperationName;
  readonly service: FieldsOf<'service'>;
  readonly destination?: FieldsOf<'destination'>;
}

function write<Name extends string>(
  records: Records,
  base: number,
  { fields }: RecordLayout<Name>,
  values: Values<Name>,
): void {
  // Object.keys() gives the keys of Values<Name>.
  for (const name of Object.keys(values) as Name[]) {
    const value = values[name];
    if (typeof value === 'number') records.setNumber(base, fields[name], value);
    else if (typeof value === 'string') records.setName(base, fields[name], value);
    else if (value !== undefined) records.bytes.set(value, base + fields[name].offset);
  }
}

function encode(requests: readonly RawRequest[]): Uint8Array {
  const buffer = new RequestBuffer();
  for (const { operation, service, destination } of requests) {
    buffer.begin(operation);
    write(buffer.records, buffer.service(), layout.service, service);
    write(buffer.records, buffer.destination(), layout.destination, destination ?? {});
    buffer.commit();
  }
  return buffer.bytes();
}

/** A native handle that is closed at the end of its block. */
async function open(namespace: Namespace) {
  const { Handle } = loadNative();
  const handle = new Handle();
  await handle.open(namespace.path, true);
  return {
    /** An object without `results` if all requests succeeded. */
    run: async (requests: readonly RawRequest[], memory?: ArrayBuffer) =>
      (await handle.run(encode(requests), 0, requests.length, false, false, memory)) ?? {},
    [Symbol.dispose]: () => handle.close(),
  };
}

/** Sends requests to the kernel as they are. Throws if the kernel refuses one. */
export async function rawRun(namespace: Namespace, requests: readonly RawRequest[]): Promise<void> {
  using handle = await open(namespace);
  const results = await handle.run(requests);
  // Absent if all requests succeeded.
  if (results.results === undefined) return;
  const outcomes = new Records(results.results);
  const errors = requests.map((_, index) =>
    outcomes.number(index * layout.result.size, layout.result.fields.error),
  );
  const refused = errors.findIndex((error) => error !== 0);
  if (refused >= 0) throw new Error(`request ${refused}: errno ${errors[refused]}`);
}

/** Returns numbers of all services, as the addon returns them. */
export async function rawServices(
  namespace: Namespace,
): Promise<{ readonly fwmark: number; readonly flags: number; readonly timeout: number }[]> {
  using handle = await open(namespace);
  const results = await handle.run([{ operation: 'listServices', service: {} }]);
  const services = results.services ?? new ArrayBuffer(0);
  const records = new Records(services);
  const { size, fields } = layout.serviceEntry;
  return Array.from({ length: services.byteLength / size }, (_, index) => {
    const number = (name: 'fwmark' | 'flags' | 'timeout') =>
      records.number(index * size + fields.service.offset, layout.service.fields[name]);
    return { fwmark: number('fwmark'), flags: number('flags'), timeout: number('timeout') };
  });
}

/** Returns the records of a service's destinations. The addon may write them to `memory`. */
export async function rawDestinations(
  namespace: Namespace,
  service: RawRequest['service'],
  memory?: ArrayBuffer,
): Promise<ArrayBuffer> {
  using handle = await open(namespace);
  const results = await handle.run([{ operation: 'listDestinations', service }], memory);
  return results.destinations ?? new ArrayBuffer(0);
}

/**
 * Returns the whole records of all services, each with those of its destinations, in hexadecimal
 * and sorted.
 */
export async function rawTable(
  namespace: Namespace,
): Promise<{ readonly service: string; readonly destinations: readonly string[] }[]> {
  using handle = await open(namespace);
  const results = await handle.run([{ operation: 'listServices', service: {} }]);
  const table: { service: string; destinations: string[] }[] = [];
  const { service, destination } = layout;
  const { serviceEntry, destinationEntry } = layout;
  const all = Buffer.from(results.services ?? new ArrayBuffer(0));
  for (let at = 0; at < all.length; at += serviceEntry.size) {
    const start = at + serviceEntry.fields.service.offset;
    const record = all.subarray(start, start + service.size);
    const numbers = new Records(Uint8Array.from(record).buffer);
    const key = {
      family: numbers.number(0, service.fields.family),
      fwmark: numbers.number(0, service.fields.fwmark),
      protocol: numbers.number(0, service.fields.protocol),
      port: numbers.number(0, service.fields.port),
      address: numbers.bytes.slice(service.fields.address.offset).slice(0, 16),
    };
    const listed = await handle.run([{ operation: 'listDestinations', service: key }]);
    const behind = Buffer.from(listed.destinations ?? new ArrayBuffer(0));
    const destinations: string[] = [];
    for (let place = 0; place < behind.length; place += destinationEntry.size) {
      const from = place + destinationEntry.fields.destination.offset;
      destinations.push(behind.toString('hex', from, from + destination.size));
    }
    table.push({ service: record.toString('hex'), destinations: destinations.sort() });
  }
  return table.sort((a, b) => (a.service < b.service ? -1 : 1));
}
