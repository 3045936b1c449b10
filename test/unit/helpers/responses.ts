/**
 * Responses without a kernel: records in the layout of the addon.
 * @module
 */

import { IpvsResponse } from '../../../lib/ipvs/response.js';
import type {
  Layout,
  LinkStatusName,
  NativeIpvsResponse,
  NativeLinkResponse,
  RecordLayout,
  StatusName,
} from '../../../lib/native/addon.js';
import { encode, layout } from './requests.js';

type Numbers<Name extends keyof Layout> =
  Layout[Name] extends RecordLayout<infer Field>
    ? Partial<Record<Field, number | bigint | readonly number[]>>
    : never;

function bytes<Name extends string>(
  record: RecordLayout<Name>,
  values: Partial<Record<Name, number | bigint | readonly number[]>>,
): Uint8Array {
  const plain: Partial<Record<Name, number | bigint | Uint8Array>> = {};
  // Object.entries() widens the keys and, with them, the values.
  for (const [name, value] of Object.entries(values) as [
    Name,
    number | bigint | readonly number[],
  ][]) {
    plain[name] = typeof value === 'object' ? Uint8Array.from(value) : value;
  }
  return encode(record, plain);
}

/** Returns the bytes of a name in a field. */
export const nameBytes = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

export const statsRecord = (values: Numbers<'stats'>) => bytes(layout.stats, values);

/** Returns the entry of a service, with the statistics in `more`. */
export function serviceRecord(
  service: Numbers<'service'> | Uint8Array,
  more: Numbers<'serviceEntry'> = {},
): Uint8Array {
  const record = service instanceof Uint8Array ? service : bytes(layout.service, service);
  return bytes(layout.serviceEntry, { ...more, service: [...record] });
}

export function destinationRecord(
  destination: Numbers<'destination'> | Uint8Array,
  more: Numbers<'destinationEntry'> = {},
): Uint8Array {
  const record =
    destination instanceof Uint8Array ? destination : bytes(layout.destination, destination);
  return bytes(layout.destinationEntry, { ...more, destination: [...record] });
}

export const daemonRecord = (values: Numbers<'daemon'>) => bytes(layout.daemon, values);
export const timeoutsRecord = (values: Numbers<'timeouts'>) => bytes(layout.timeouts, values);

export type ResultValues = Omit<Numbers<'result'>, 'status'> & { readonly status?: StatusName };

function concatenate(records: readonly Uint8Array[]): ArrayBuffer {
  const size = records.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  return all.buffer;
}

/** Returns the response of the addon to requests of IPVS. */
export function nativeResponse({
  results = [],
  services = [],
  destinations = [],
  daemons = [],
  texts = [],
  elapsed = 0,
}: {
  readonly results?: readonly ResultValues[];
  readonly services?: readonly Uint8Array[];
  readonly destinations?: readonly Uint8Array[];
  readonly daemons?: readonly Uint8Array[];
  readonly texts?: readonly string[];
  readonly elapsed?: number;
}): Required<NativeIpvsResponse> {
  const records = results.map(({ status = 'done', ...values }) =>
    bytes(layout.result, { ...values, status: layout.statuses[status] }),
  );
  return {
    results: concatenate(records),
    services: concatenate(services),
    destinations: concatenate(destinations),
    daemons: concatenate(daemons),
    texts,
    elapsed,
  };
}

/** Returns the response to one request, with all of the records. */
export function ipvsResponse(lists: {
  readonly services?: readonly Uint8Array[];
  readonly destinations?: readonly Uint8Array[];
  readonly daemons?: readonly Uint8Array[];
}): IpvsResponse {
  const result = {
    services: lists.services?.length ?? 0,
    destinations: lists.destinations?.length ?? 0,
    daemons: lists.daemons?.length ?? 0,
  };
  return new IpvsResponse(nativeResponse({ results: [result], ...lists }));
}

export const connectionRecord = (values: Numbers<'connection'>) => bytes(layout.connection, values);

export const countRecord = (group: Numbers<'connection'>, count: bigint) =>
  bytes(layout.connectionCount, { group: [...connectionRecord(group)], count });

export type LinkResultValues = Omit<Numbers<'linkResult'>, 'status'> & {
  readonly status?: LinkStatusName;
};

/** Returns the response of the addon to requests about links, with so many links and addresses. */
export function nativeLinkResponse(
  results: readonly LinkResultValues[],
  count: number,
): NativeLinkResponse {
  const places = Array.from({ length: count }, (_, place) => place + 1);
  const settings = bytes(layout.addressSettings, { family: 2 });
  return {
    results: concatenate(
      results.map(({ status = 'done', ...values }) =>
        bytes(layout.linkResult, { ...values, status: layout.linkStatuses[status] }),
      ),
    ),
    links: concatenate(places.map((index) => bytes(layout.link, { index, mtu: index }))),
    addresses: concatenate(
      places.map((index) => bytes(layout.linkAddress, { index, settings: [...settings] })),
    ),
    texts: [],
    elapsed: 0,
  };
}
