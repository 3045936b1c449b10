/**
 * Many addresses of one request, which are written natively where they are plain text.
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { LinkRequestBuffer } from '../../lib/links/request-buffer.js';
import { ipv4, ipv6 } from './arbitraries.js';
import { layout, native, thrownBy } from './requests.js';

const size = layout.addressSettings.size;
const text = fc.oneof(
  fc.tuple(ipv4, fc.option(fc.nat(40))),
  fc.tuple(ipv6, fc.option(fc.nat(140))),
  // What is almost an address.
  fc.tuple(fc.stringMatching(/^[0-9a-f.:/ ]{0,50}$/), fc.constant(null)),
  fc.tuple(fc.string({ unit: 'binary' }), fc.constant(null)),
);
const anyText = text.map(([address, length]) =>
  length === null ? address : `${address}/${length}`,
);
const anyConfig = fc.oneof(
  { weight: 8, arbitrary: anyText },
  fc.record({ address: fc.oneof(ipv4, ipv6) }),
  fc.record({ address: ipv6, duplicateDetection: fc.boolean() }),
  fc.constantFrom(undefined, null, 7, {}),
);

const LINK = 'vip0';

/** One by one, as they are written where there is only one. */
function oneByOne(configs: readonly unknown[], family: number): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
  requests.begin('planAddresses');
  for (const [place, each] of configs.entries()) {
    requests.addAddress(`wanted[${place}]`, each, LINK, family);
  }
  requests.commit();
  return requests;
}
function together(configs: readonly unknown[], family: number): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
  requests.begin('planAddresses');
  requests.addAddresses('wanted', configs, LINK, family);
  requests.commit();
  return requests;
}
const outcome = (write: () => LinkRequestBuffer) => {
  try {
    const requests = write();
    return { bytes: [...requests.bytes()], addresses: [...requests.addressBytes()] };
  } catch (error) {
    // Among many, it has the place that its message names.
    const { index, ...rest } = error as { readonly index?: number };
    const { message } = error as Error;
    if (index !== undefined) expect(message).toContain(`[${index}]`);
    return { message, ...rest };
  }
};

test('many addresses are written, or refused, as they are one by one', () => {
  const family = fc.constantFrom(0, AF_INET, AF_INET6);
  fc.assert(
    fc.property(fc.array(anyConfig, { maxLength: 5 }), family, (configs, only) => {
      const all = outcome(() => together(configs, only));
      const each = outcome(() => oneByOne(configs, only));
      // Only among many can two contradict each other.
      if ('message' in all && all.message.includes('contradicts wanted[')) {
        expect(each).toHaveProperty('bytes');
      } else {
        expect(all).toEqual(each);
      }
    }),
    { numRuns: 2000 },
  );
});

test('valid texts are written natively, to the same bytes', () => {
  const valid = fc.oneof(
    fc.tuple(ipv4, fc.nat(32)).map((each) => each.join('/')),
    fc.tuple(ipv6, fc.nat(128)).map((each) => each.join('/')),
    ipv4,
    ipv6,
    ipv4.map((address) => address.replace(/^\d+/, '127')),
  );
  fc.assert(
    fc.property(fc.array(valid, { maxLength: 50 }), (texts) => {
      const bytes = new Uint8Array(texts.length * size);
      expect(native.packAddresses(texts, 0, 0, bytes)).toBe(texts.length);
      expect([...bytes]).toEqual([...oneByOne(texts, 0).addressBytes()]);
    }),
  );
});

test('a getter among them that throws', () => {
  const wanted = ['10.0.0.1', '10.0.0.2'];
  const reason = new Error('no');
  Object.defineProperty(wanted, 1, {
    get: () => {
      throw reason;
    },
  });
  expect(thrownBy(() => together(wanted, 0))).toBe(reason);
});

test('requests that were cleared keep no address of those before', () => {
  const requests = together(['10.0.0.1', 'fd00::1', '10.0.0.2'], 0);
  requests.clear();
  expect(requests.addressBytes()).toHaveLength(0);
  requests.begin('planAddresses');
  requests.addAddresses('wanted', ['10.0.0.3'], LINK, 0);
  requests.commit();
  const fresh = together(['10.0.0.3'], 0);
  expect([...requests.bytes()]).toEqual([...fresh.bytes()]);
  expect([...requests.addressBytes()]).toEqual([...fresh.addressBytes()]);
});

test('the cost of listed addresses grows with their number, and not with its square', () => {
  const listed = (count: number) =>
    Array.from({ length: count }, (_, place) => ({
      address: `fd00::${(place + 1).toString(16)}`,
      prefixLength: 64,
      family: 'ipv6',
      scope: 'global',
      flags: ['permanent'],
      validLifetime: null,
      preferredLifetime: null,
    }));
  const costOf = (configs: readonly unknown[]) => {
    const start = process.cpuUsage();
    together(configs, 0);
    return process.cpuUsage(start).user;
  };
  const [few, many] = [listed(250), listed(2000)];
  const rounds = Array.from({ length: 5 }, () => [costOf(few), costOf(many)] as const);
  const least = (place: 0 | 1) => Math.min(...rounds.map((round) => round[place]));
  // Eight times as many: 8 would be in proportion, 64 the square.
  expect(least(1)).toBeLessThan(30 * Math.max(least(0), 200));
});
