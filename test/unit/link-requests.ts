/**
 * Requests to links without a kernel.
 * @module
 */
import { expect } from 'vitest';
import { type LinkCall, linkCalls } from '../../lib/links/calls.js';
import { LinkRequests } from '../../lib/links/requests.js';
import type { Refused } from './refusals.js';
import { expectInputError, native, thrownBy } from './requests.js';

/** The calls as JavaScript makes them, without a compiler that would refuse bad arguments. */
export const untypedLinks = linkCalls as unknown as Readonly<
  Record<keyof typeof linkCalls, (...args: readonly unknown[]) => LinkCall<unknown>>
>;

export function writeLink(requests: LinkRequests, call: LinkCall<unknown>): void {
  requests.begin(call.operation);
  call.write(requests);
  requests.commit();
}

export function packLinks(...calls: readonly LinkCall<unknown>[]): LinkRequests {
  const requests = new LinkRequests(native);
  for (const call of calls) writeLink(requests, call);
  return requests;
}

/** Expects that a call is refused, and that neither a request nor an address of it is left. */
export function expectLinkRefused(call: () => LinkCall<unknown>, row: Refused): void {
  const before = untypedLinks.addAddress('ipvs0', '10.0.0.1');
  const after = untypedLinks.addAddress('ipvs0', '10.0.0.2');
  const requests = packLinks(before);
  const error = thrownBy(() => writeLink(requests, call()));
  const [kind, property, value, rule] = row;
  expectInputError(error, { kind, property, value, rule });
  writeLink(requests, after);
  const expected = packLinks(before, after);
  expect([...requests.bytes()]).toEqual([...expected.bytes()]);
  expect([...requests.addressBytes()]).toEqual([...expected.addressBytes()]);
}
