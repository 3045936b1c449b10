/**
 * Filters of the connection table: their conditions, and how they are encoded.
 * @module
 */
import { checkName } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { parseNetwork } from '../core/network.js';
import { formatServiceAt, MAX_PROTOCOL } from '../ipvs/keys.js';
import { encodeDestinationReference, encodeServiceReference } from '../ipvs/reference.js';
import { portHint } from '../ipvs/reference-hints.js';
import type { DestinationReference, ServiceReference } from '../ipvs/reference-types.js';
import { RequestBuffer } from '../ipvs/request-buffer.js';
import type { Field } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import type { FactsQuery } from './service-facts.js';
import {
  type ConnectionProtocol,
  type ConnectionState,
  connectionProtocols,
  isConnectionState,
  NAMED_STATES,
} from './types.js';

/** The wanted connections: those that meet every condition. All are tested natively. */
export interface ConnectionFilter {
  /**
   * The service. Entries record the address that the client sends to, but not the service that took
   * the connection. So a service that does not exist matches the connections to its address and
   * port, of which there are usually none, and its count is 0; only port 0 and firewall marks
   * reject, as described below. In a drain check, call getService() first. A service matches:
   * - with port 0: every port of its address, except those that have services of their own when the
   *   call is made. Rejects with ESRCH if there is no such service
   * - with a firewall mark: its templates, and all connections that may be its own: those to its
   *   destinations, or to `destination` where that is given. They include those that other services
   *   send to the same address and port, since no entry but a template records a mark. The kernel's
   *   own counts are `activeConnections` and `inactiveConnections` of the destination. Rejects with
   *   ESRCH if there is no such service, unless `destination` is given
   * - otherwise: the connections to its address and port, also with a mark that another service
   *   takes
   */
  readonly service?: ServiceReference | undefined;
  /**
   * The real server's address and port; without a port, the service's, which must then be given
   * too. Port 0 is every port. With a service of port 0 or a firewall mark, connections that keep
   * the port which the client chose are included, since those services send them to a destination
   * of any port.
   */
  readonly destination?: DestinationReference | undefined;
  /**
   * The real server's address ('10.1.0.1', 'fd00::2') or network ('10.1.0.0/16', 'fd00::/64'), on
   * every port.
   */
  readonly server?: string | undefined;
  /** The client's address ('10.0.0.7', 'fd00::7') or network ('10.0.0.0/8', 'fd00::/64'). */
  readonly client?: string | undefined;
  /** The protocol. */
  readonly protocol?: ConnectionProtocol | undefined;
  /** The state. */
  readonly state?: ConnectionState | undefined;
}

/** The names of the conditions. @internal */
export const FILTER_KEYS = [
  'service',
  'destination',
  'server',
  'client',
  'protocol',
  'state',
] as const;

const { fields, size } = layout.connectionFilter;

/** A filter as the addon takes it. @internal */
export interface EncodedFilter {
  readonly record: Uint8Array;
  /** The query for the facts about its service; undefined if none are needed. */
  readonly query: FactsQuery | undefined;
}

/** Checks the conditions of `filter`, and encodes them. @internal */
export function encodeFilter(
  filter: Readonly<Partial<Record<(typeof FILTER_KEYS)[number], unknown>>>,
): EncodedFilter {
  const records = new Records(new ArrayBuffer(size));
  // The addon compares the keys of a filter with rows; they have the same layout as in a request.
  const request = new RequestBuffer(1);
  let criteria = 0;
  let query: FactsQuery | undefined;

  if (filter.service !== undefined) {
    encodeServiceReference(request, 'options.service', filter.service);
    copyKey(request, request.service(), records, fields.service);
    criteria |= layout.criteria.service;
    query = factsQueryOf(request);
  }
  if (filter.destination !== undefined) {
    const property = 'options.destination';
    const hasPort = encodeDestinationReference(request, property, filter.destination);
    copyKey(request, request.destination(), records, fields.destination);
    if (!hasPort && filter.service === undefined) {
      const rule =
        'needs a port, or a service beside it whose port it has; the condition server needs none' +
        portHint(filter.destination);
      throw wrongValue(property, filter.destination, rule);
    }
    criteria |= layout.criteria.destination;
    // The destination of the filter stands for those of a firewall mark.
    if (query?.fact === 'destinations') query = undefined;
  }
  for (const side of ['client', 'server'] as const) {
    if (filter[side] === undefined) continue;
    encodeNetwork(records, side, filter[side]);
    criteria |= layout.criteria[side];
  }
  if (filter.protocol !== undefined) {
    const property = 'options.protocol';
    const number = connectionProtocols.numberOrUnknown(property, filter.protocol, MAX_PROTOCOL);
    records.setNumber(0, fields.protocol, number);
    criteria |= layout.criteria.protocol;
  }
  if (filter.state !== undefined) {
    records.setName(0, fields.state, checkState('options.state', filter.state));
    criteria |= layout.criteria.state;
  }
  records.setNumber(0, fields.criteria, criteria);
  return { record: records.bytes, query };
}

/** Copies the key at `from` in a request to a field of the filter. */
function copyKey(request: RequestBuffer, from: number, filter: Records, field: Field): void {
  const { bytes } = request.records;
  filter.bytes.set(bytes.subarray(from, from + field.size), field.offset);
}

/** The query for the facts about the service that was encoded, if it needs any. */
function factsQueryOf(request: RequestBuffer): FactsQuery | undefined {
  const { keys } = request;
  const service = formatServiceAt(request.records, request.service());
  if (keys.fwmark !== 0) return { service, fact: 'destinations' };
  return keys.servicePort === 0 ? { service, fact: 'claimedPorts' } : undefined;
}

function encodeNetwork(records: Records, side: 'client' | 'server', value: unknown): void {
  const property = `options.${side}`;
  const rule = "an address or a network such as '10.0.0.0/8'";
  const { offset } = fields[side];
  const { family, prefixLength } = parseNetwork(property, value, rule, records.bytes, offset);
  records.setNumber(0, fields[`${side}Family`], family);
  records.setNumber(0, fields[`${side}Prefix`], prefixLength);
}

function checkState(property: string, value: unknown): ConnectionState {
  if (!isConnectionState(value)) checkName(property, value, NAMED_STATES);
  return value;
}
