/**
 * Requests about links, encoded without a kernel.
 * @module
 */
import { expect } from 'vitest';
import type { LinkTypes } from '../../../lib/links/client.js';
import { type LinkOperation, linkOperations } from '../../../lib/links/operations.js';
import { LinkRequestBuffer } from '../../../lib/links/request-buffer.js';
import { Records } from '../../../lib/native/records.js';
import { native } from './native.js';
import { expectInputError, give, type InvalidArgument, thrownBy } from './requests.js';

/** What the error for a bad argument says. */
export type InvalidLinkArgument = Omit<InvalidArgument, 'call' | 'subject'>;

/** The operations with their arguments, as JavaScript passes them: of any type and number. */
export const untypedLinks = Object.fromEntries(
  Object.entries(linkOperations).map(([name, operation]) => [
    name,
    (...args: unknown[]) => give<LinkTypes, unknown, never>(operation, args),
  ]),
  // An entry for each operation.
) as Readonly<
  Record<keyof typeof linkOperations, (...args: readonly unknown[]) => LinkOperation<unknown>>
>;

/** Encodes a request behind the others of a buffer. */
export function encodeLinkRequest(requests: LinkRequestBuffer, call: LinkOperation<unknown>): void {
  requests.begin(call.request);
  call.encode(requests);
  call.decoder?.();
  requests.commit();
}

/** Returns a fresh buffer with these requests. */
export function encodeLinkRequests(...calls: readonly LinkOperation<unknown>[]): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
  for (const call of calls) encodeLinkRequest(requests, call);
  return requests;
}

/** The index of the link that the addresses of encodedAddress() may be listed on. */
export const LISTED_ON = 7;

/** Returns the record of an address. */
export function encodedAddress(config: unknown): Records {
  const requests = encodeLinkRequests(untypedLinks.addAddress(LISTED_ON, config));
  return new Records(requests.addressBytes().slice().buffer);
}

/** Expects that a call is refused, and that neither a request nor an address of it is left. */
export function expectLinkRefused(
  call: () => LinkOperation<unknown>,
  expected: InvalidLinkArgument,
): void {
  const before = untypedLinks.addAddress('ipvs0', '10.0.0.1');
  const after = untypedLinks.addAddress('ipvs0', '10.0.0.2');
  const requests = encodeLinkRequests(before);
  const error = thrownBy(() => encodeLinkRequest(requests, call()));
  expectInputError(error, expected);
  encodeLinkRequest(requests, after);
  const clean = encodeLinkRequests(before, after);
  expect([...requests.bytes()]).toEqual([...clean.bytes()]);
  expect([...requests.addressBytes()]).toEqual([...clean.addressBytes()]);
}
