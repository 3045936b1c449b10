/**
 * Requests to links without a kernel.
 * @module
 */
import { expect } from 'vitest';
import { type LinkCall, linkCalls } from '../../lib/links/calls.js';
import { LinkRequestBuffer } from '../../lib/links/request-buffer.js';
import { bound } from '../../lib/queue/packed.js';
import type { Refused } from './refusals.js';
import { expectInputError, native, thrownBy } from './requests.js';

/** The operations with their arguments, as JavaScript passes them: of any type and number. */
export const untypedLinks = Object.fromEntries(
  Object.entries(linkCalls).map(([name, call]) => [
    name,
    (...args: unknown[]) => bound(call as LinkCall<unknown, unknown[]>, ...args),
  ]),
  // An entry for each operation.
) as Readonly<Record<keyof typeof linkCalls, (...args: readonly unknown[]) => LinkCall<unknown>>>;

export function writeLink(requests: LinkRequestBuffer, call: LinkCall<unknown>): void {
  requests.begin(call.operation);
  call.write(requests);
  call.reader?.();
  requests.commit();
}

export function packLinks(...calls: readonly LinkCall<unknown>[]): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
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
