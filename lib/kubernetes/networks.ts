/**
 * Networks as numbers: membership, and the networks that remain without some others.
 * @module
 */
import { AF_INET, AF_INET6, formatAddress, parseAddress } from '../core/address.js';
import { parseNetwork } from '../core/network.js';
import type { IPFamily } from './families.js';

/** A network. */
export interface Network {
  readonly family: IPFamily;
  /** The address as a number, whose bits behind the prefix are 0. */
  readonly value: bigint;
  /** The number of bits that its addresses have in common. */
  readonly prefixLength: number;
}

const BITS = { IPv4: 32, IPv6: 128 } as const;
const bytes = new Uint8Array(16);

function numberIn(size: number): bigint {
  let value = 0n;
  for (let place = 0; place < size; place++) value = (value << 8n) | BigInt(bytes[place] ?? 0);
  return value;
}

/**
 * Reads a network such as '10.96.0.0/12', or an address, which is a network of its own.
 * @throws TypeError, RangeError bad input
 */
export function readNetwork(property: string, value: unknown): Network {
  const rule = "a network such as '10.96.0.0/12'";
  const { family: number, prefixLength } = parseNetwork(property, value, rule, bytes);
  const family = number === AF_INET ? 'IPv4' : 'IPv6';
  const rest = BigInt(BITS[family] - prefixLength);
  return { family, value: (numberIn(BITS[family] / 8) >> rest) << rest, prefixLength };
}

/** Returns true if the network has the address, which must be one. */
export function hasAddress({ family, value, prefixLength }: Network, address: string): boolean {
  const number = parseAddress(address, bytes, 0);
  if (number !== (family === 'IPv4' ? AF_INET : AF_INET6)) return false;
  const rest = BigInt(BITS[family] - prefixLength);
  return numberIn(BITS[family] / 8) >> rest === value >> rest;
}

/** Returns the text of a network: '10.96.0.0/12'. */
export function formatNetwork({ family, value, prefixLength }: Network): string {
  const size = BITS[family] / 8;
  const address = new Uint8Array(16);
  for (let place = 0; place < size; place++) {
    address[place] = Number((value >> BigInt(8 * (size - 1 - place))) & 0xffn);
  }
  const number = family === 'IPv4' ? AF_INET : AF_INET6;
  return `${formatAddress(address, 0, number)}/${prefixLength}`;
}

/** Returns the whole network of a family. */
export function allOf(family: IPFamily): Network {
  return { family, value: 0n, prefixLength: 0 };
}

/**
 * Returns the fewest networks that together have the addresses of `network` but of no `excluded`.
 */
export function without(network: Network, excluded: readonly Network[]): Network[] {
  const within = excluded.filter((other) => overlaps(network, other));
  if (within.length === 0) return [network];
  if (within.some(({ prefixLength }) => prefixLength <= network.prefixLength)) return [];
  const { family, value } = network;
  const prefixLength = network.prefixLength + 1;
  const bit = 1n << BigInt(BITS[family] - prefixLength);
  return [value, value | bit].flatMap((half) =>
    without({ family, value: half, prefixLength }, within),
  );
}

/** Returns true if a network is a part of another one, and not the same. */
export function isWithin(network: Network, other: Network): boolean {
  return network.prefixLength > other.prefixLength && overlaps(network, other);
}

function overlaps(a: Network, b: Network): boolean {
  if (a.family !== b.family) return false;
  const rest = BigInt(BITS[a.family] - Math.min(a.prefixLength, b.prefixLength));
  return a.value >> rest === b.value >> rest;
}
