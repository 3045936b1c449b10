/**
 * The order of services and destinations in listings, files and views: that of ipvsadm.
 * @module
 */
import { parseAddress } from '../core/address.js';
import { unknownNumber } from '../core/name-table.js';
import { MAX_PROTOCOL } from './keys.js';
import { protocols } from './names.js';

/** The key of a destination, or of a service with an address. */
export interface Endpoint {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** The key of a service. */
export interface ServiceEndpoint extends Endpoint {
  readonly fwmark?: number | undefined;
  readonly family?: string | undefined;
  readonly protocol?: string | undefined;
}

/** Returns a number of 32 bits as two code units. */
const word = (value: number) => String.fromCharCode(value >>> 16, value & 0xffff);

const bytes = new Uint8Array(16);
const view = new DataView(bytes.buffer);

/**
 * Returns a text whose code units are in the order of destinations: by address, as a number, and by
 * port. Two code units are a number of 32 bits; an address is four of them, and IPv4 the first.
 */
export function endpointOrder({ address = '', port = 0 }: Endpoint): string {
  bytes.fill(0);
  parseAddress(address, bytes, 0);
  let order = '';
  for (let at = 0; at < bytes.length; at += 4) order += word(view.getUint32(at));
  return order + word(port);
}

/**
 * Returns a text whose code units are in the order of services: those with an address by family,
 * protocol, address and port; then those by firewall mark, by mark and family.
 */
export function serviceOrder(service: ServiceEndpoint): string {
  const { fwmark = 0, family, protocol, address = '' } = service;
  if (fwmark !== 0) return word(fwmark) + word(family === 'ipv6' ? 1 : 0);
  const isIpv6 = address.includes(':');
  const number = protocols.find(protocol) ?? unknownNumber(protocol, MAX_PROTOCOL) ?? 0;
  return word(0) + word(isIpv6 ? 1 : 0) + word(number) + endpointOrder(service);
}

/** Compares two texts of {@link endpointOrder} or {@link serviceOrder}, for sort(). */
export const compareOrders = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns services in order. */
export const sortServices = <Each extends ServiceEndpoint>(services: readonly Each[]) =>
  sortBy(services, serviceOrder);

/** Returns destinations in order. */
export const sortDestinations = <Each extends Endpoint>(destinations: readonly Each[]) =>
  sortBy(destinations, endpointOrder);

function sortBy<Each>(items: readonly Each[], orderOf: (item: Each) => string): readonly Each[] {
  return items
    .map((item) => ({ item, order: orderOf(item) }))
    .sort((a, b) => compareOrders(a.order, b.order))
    .map(({ item }) => item);
}
