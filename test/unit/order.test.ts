/**
 * The one order of services and destinations: of ipvsadm's listings and rules, `ipvs list`,
 * `ipvs save` and `ipvs top`.
 * @module
 */
import { parseDestinationReference, parseServiceReference } from 'ipvs';
import { formatRules, formatTable, parseRules } from 'ipvs/ipvsadm';
import { expect, test } from 'vitest';
import { stateOf } from '../../lib/cli/state-file/write.js';
import { Listing } from '../../lib/cli/top/listing.js';
import { nameOf } from '../../lib/cli/top/rows.js';
import { formatDestinationKey, formatServiceKey } from '../../lib/ipvs/keys.js';
import { compareOrders, endpointOrder, serviceOrder } from '../../lib/ipvs/order.js';
import { destination, destinationOf, service, serviceOf } from './helpers/top-rows.js';

/** Sorted. Neither text nor numbers in the text have this order. */
const SERVICES = [
  'tcp://9.0.0.1:80',
  'tcp://10.0.0.9:80',
  'tcp://10.0.0.10:9',
  'tcp://10.0.0.10:80',
  'udp://2.0.0.1:53',
  'sctp://1.0.0.1:9',
  'tcp://[9::1]:80',
  'tcp://[fd00::9]:80',
  'tcp://[fd00::a]:80',
  'tcp://[fd00::10]:80',
  'tcp://[fd00::1:0]:80',
  'tcp://[fd00:0:0:1::]:80',
  'udp://[2::]:53',
  'fwmark://7',
  'fwmark6://7',
  'fwmark://10',
  'fwmark://4294967295',
];
const DESTINATIONS = ['[9::1]:80', '[fd00::9]:8', '[fd00::9]:10', '[fd00::a]:8', '[fd00::10]:8'];

test.each([
  ['services', SERVICES, (name: string) => serviceOrder(parseServiceReference(name))],
  ['destinations', DESTINATIONS, (name: string) => endpointOrder(parseDestinationReference(name))],
] as const)('%s have an order', (_, names, orderOf) => {
  const reversed = [...names].reverse();
  expect(reversed.sort((a, b) => compareOrders(orderOf(a), orderOf(b)))).toEqual(names);
});

const SERVICE = 'fwmark6://7';
const snapshot = {
  services: [...SERVICES].reverse().map((name) => ({
    ...serviceOf(name),
    family: /\[|6:/.test(name) ? ('ipv6' as const) : ('ipv4' as const),
    destinations:
      name === SERVICE ? [...DESTINATIONS].reverse().map((each) => destinationOf(each)) : [],
  })),
};

test('ipvs save writes services in this order', () => {
  expect(stateOf(snapshot).services.map(formatServiceKey)).toEqual(SERVICES);
});

test('formatRules writes services and destinations in this order', () => {
  const { services } = parseRules(formatRules(snapshot).text);
  expect(services.map(formatServiceKey)).toEqual(SERVICES);
  const { destinations = [] } = services[SERVICES.indexOf(SERVICE)] ?? {};
  expect(destinations.map(formatDestinationKey)).toEqual(DESTINATIONS);
});

test('formatTable lists services and destinations in this order', () => {
  const lines = formatTable(snapshot).split('\n');
  const found = lines.flatMap((line) => /^ {2}-> (\[\S+)/.exec(line)?.[1] ?? []);
  expect(found).toEqual(DESTINATIONS);
  const keys = lines.flatMap((line) => /^(?:TCP|UDP|SCTP|FWM) +\S+/.exec(line) ?? []);
  expect(keys[0]).toBe('TCP  9.0.0.1:80');
  expect(keys).toHaveLength(SERVICES.length);
  expect(keys.map((key) => key.replace(/ +/, '://').toLowerCase())).toEqual(
    SERVICES.map((name) => name.replace(/fwmark6?/, 'fwm')),
  );
});

test('ipvs top shows services and destinations with equal numbers in this order', () => {
  const rows = [...SERVICES].reverse().map((name) => {
    const destinations = name === SERVICE ? [...DESTINATIONS].reverse() : [];
    const made = destinations.map((each) => destination(each));
    return service(name, {}, made);
  });
  const listing = new Listing(rows, { sort: undefined, reversed: false }, '');
  expect(listing.rows(() => true, 0, 100).map(nameOf)).toEqual(
    SERVICES.flatMap((name) => (name === SERVICE ? [name, ...DESTINATIONS] : [name])),
  );
});
