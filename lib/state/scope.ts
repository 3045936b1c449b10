/**
 * Scopes: which services a reconciliation may delete. They are matched against the records of
 * services, without an object for each.
 * @module
 */
import { AF_INET, parseAddress } from '../core/address.js';
import { checkInteger, checkName, readArray, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { checkLinkName } from '../core/link-name.js';
import { type NetworkPrefix, parseNetwork } from '../core/network.js';
import { MAX_MARK, MAX_PORT } from '../ipvs/keys.js';
import { type Protocol, protocols } from '../ipvs/names.js';
import { layout } from '../native/layout.js';
import { type Records, u16Place, u32Place } from '../native/records.js';

const { fields } = layout.service;
const ADDRESS = fields.address.offset;
const FAMILY = u16Place(fields.family);
const PROTOCOL = u16Place(fields.protocol);
const PORT = u16Place(fields.port);
const FWMARK = u32Place(fields.fwmark);
const ADDRESS_SIZE = fields.address.size;

const KEYS = new Set(['networks', 'ports', 'protocols', 'fwmarks', 'link'] as const);

/** Returns true if the service at `base` of the records fulfils a condition. */
export type Matches = (records: Records, base: number) => boolean;

/** A scope that was checked. */
export interface CheckedScope {
  /** True if the service is in the scope, apart from the link. */
  readonly matches: Matches;
  /** The name of the link whose addresses the service must have, if any. */
  readonly link: string | undefined;
}

/**
 * Checks a scope.
 * @throws TypeError, RangeError bad input
 */
export function checkScope(property: string, scope: unknown): CheckedScope {
  const { networks, ports, protocols: names, fwmarks, link } = readObject(property, scope, KEYS);
  const conditions: Matches[] = [];
  const ofAddress = networks ?? ports ?? names ?? link;
  if (ofAddress === undefined && fwmarks === undefined) {
    const rule = 'names nothing: it needs networks, ports, protocols, fwmarks or a link';
    throw wrongValue(property, scope, rule);
  }
  if (ofAddress !== undefined && fwmarks !== undefined) {
    const rule = 'names fwmarks and more: a service has either a firewall mark or an address';
    throw wrongValue(property, scope, rule);
  }
  if (networks !== undefined) conditions.push(inNetworks(`${property}.networks`, networks));
  if (ports !== undefined) conditions.push(inPorts(`${property}.ports`, ports));
  if (names !== undefined) conditions.push(withProtocols(`${property}.protocols`, names));
  if (fwmarks !== undefined) conditions.push(inMarks(`${property}.fwmarks`, fwmarks));
  if (link !== undefined) checkLinkName(`${property}.link`, link);
  const hasMark = fwmarks !== undefined;
  return {
    link,
    matches: (records, base) =>
      (records.u32s[(base >> 2) + FWMARK] !== 0) === hasMark &&
      conditions.every((matches) => matches(records, base)),
  };
}

/** Returns the condition that a service has one of these addresses, without prefix lengths. */
export function withAddresses(addresses: Iterable<string>): Matches {
  const known = new Set<string>();
  const bytes = new Uint8Array(ADDRESS_SIZE);
  for (const address of addresses) {
    bytes.fill(0);
    const family = parseAddress(address, bytes, 0);
    known.add(keyOf(bytes, 0, family));
  }
  return ({ bytes: records, u16s, u32s }, base) =>
    u32s[(base >> 2) + FWMARK] === 0 &&
    known.has(keyOf(records, base + ADDRESS, u16s[(base >> 1) + FAMILY] ?? 0));
}

function keyOf(bytes: Uint8Array, at: number, family: number): string {
  return `${family}:${bytes.subarray(at, at + (family === AF_INET ? 4 : ADDRESS_SIZE)).join()}`;
}

function inNetworks(property: string, value: unknown): Matches {
  const rule = "an array of networks such as ['10.96.0.0/12']";
  const networks = readArray(property, value, rule, (each, index): AddressedNetwork => {
    const bytes = new Uint8Array(ADDRESS_SIZE);
    const one = "a network such as '10.96.0.0/12'";
    return { ...parseNetwork(`${property}[${index}]`, each, one, bytes), bytes };
  });
  return ({ bytes, u16s }, base) => {
    const family = u16s[(base >> 1) + FAMILY];
    return networks.some(
      (network) => network.family === family && startsWith(bytes, base + ADDRESS, network),
    );
  };
}

/** A network and its address. */
interface AddressedNetwork extends NetworkPrefix {
  readonly bytes: Uint8Array;
}

/** Returns true if the address at a place begins with the bits of a network. */
function startsWith(
  address: Uint8Array,
  at: number,
  { bytes, prefixLength }: AddressedNetwork,
): boolean {
  for (let bit = 0, place = 0; bit < prefixLength; bit += 8, place++) {
    const mask = (0xff00 >> Math.min(prefixLength - bit, 8)) & 0xff;
    if ((((address[at + place] ?? 0) ^ (bytes[place] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

function inPorts(property: string, value: unknown): Matches {
  const [first, last] = checkRange(property, value, 0, MAX_PORT, '[8000, 8999]');
  return ({ u16s }, base) => {
    const port = u16s[(base >> 1) + PORT] ?? 0;
    return first <= port && port <= last;
  };
}

function inMarks(property: string, value: unknown): Matches {
  const [first, last] = checkRange(property, value, 1, MAX_MARK, '[100, 199]');
  return ({ u32s }, base) => {
    const mark = u32s[(base >> 2) + FWMARK] ?? 0;
    return first <= mark && mark <= last;
  };
}

function checkRange(property: string, value: unknown, min: number, max: number, example: string) {
  const rule = `a range such as ${example}`;
  const ends = readArray(property, value, rule, (end, index) =>
    checkInteger(`${property}[${index}]`, end, min, max),
  );
  const [first, last] = ends;
  if (first === undefined || last === undefined || ends.length !== 2) {
    throw wrongValue(property, value, `is not ${rule}`);
  }
  if (first > last) throw wrongValue(property, value, 'ends before it begins');
  return [first, last] as const;
}

function withProtocols(property: string, value: unknown): Matches {
  const numbers = new Set(checkProtocols(property, value).map((name) => protocols.find(name)));
  return ({ u16s }, base) => numbers.has(u16s[(base >> 1) + PROTOCOL] ?? 0);
}

/**
 * Checks an array of names of protocols.
 * @throws TypeError bad input
 */
export function checkProtocols(property: string, value: unknown): Protocol[] {
  return readArray(property, value, "an array of protocols such as ['tcp']", (name, index) => {
    checkName(`${property}[${index}]`, name, protocols.names);
    return name;
  });
}
