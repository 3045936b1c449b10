/**
 * Requests with many addresses, of which the addon encodes the plain texts.
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { LinkRequestBuffer } from '../../lib/links/request-buffer.js';
import { ipv4, ipv6 } from './helpers/arbitraries.js';
import { native } from './helpers/native.js';
import { layout, thrownBy } from './helpers/requests.js';

const size = layout.addressSettings.size;
const text = fc.oneof(
  fc.tuple(ipv4, fc.option(fc.nat(40))),
  fc.tuple(ipv6, fc.option(fc.nat(140))),
  // Text that is almost an address.
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

/** Encodes addresses one by one, as an operation on one address does. */
function oneByOne(configs: readonly unknown[], family: number): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
  requests.begin('planAddresses');
  for (const [place, each] of configs.entries()) {
    requests.addAddress(`wanted[${place}]`, each, LINK, family);
  }
  requests.commit();
  return requests;
}
/** Encodes addresses as reconcileAddresses() does. */
function together(configs: readonly unknown[], family: number): LinkRequestBuffer {
  const requests = new LinkRequestBuffer(native);
  requests.begin('planAddresses');
  requests.addAddresses('wanted', configs, LINK, family);
  requests.commit();
  return requests;
}
const resultOf = (encode: () => LinkRequestBuffer) => {
  try {
    const requests = encode();
    return { bytes: [...requests.bytes()], addresses: [...requests.addressBytes()] };
  } catch (error) {
    // The error for one address of many also has its place, which the message names.
    const { index, ...rest } = error as { readonly index?: number };
    const { message } = error as Error;
    if (index !== undefined) expect(message).toContain(`[${index}]`);
    return { message, ...rest };
  }
};

test('many addresses are encoded, or refused, as they are one by one', () => {
  const family = fc.constantFrom(0, AF_INET, AF_INET6);
  fc.assert(
    fc.property(fc.array(anyConfig, { maxLength: 5 }), family, (configs, only) => {
      const all = resultOf(() => together(configs, only));
      const each = resultOf(() => oneByOne(configs, only));
      // Contradictions are looked for in lists only.
      if ('message' in all && all.message.includes('contradicts wanted[')) {
        expect(each).toHaveProperty('bytes');
      } else {
        expect(all).toEqual(each);
      }
    }),
    { numRuns: 2000 },
  );
});

test('the addon encodes valid texts to the same bytes', () => {
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
      expect(native.encodeAddresses(texts, 0, 0, bytes)).toBe(texts.length);
      expect([...bytes]).toEqual([...oneByOne(texts, 0).addressBytes()]);
    }),
  );
});

test('a getter in the list that throws is passed on', () => {
  const wanted = ['10.0.0.1', '10.0.0.2'];
  const reason = new Error('no');
  Object.defineProperty(wanted, 1, {
    get: () => {
      throw reason;
    },
  });
  expect(thrownBy(() => together(wanted, 0))).toBe(reason);
});

test('a buffer that was cleared keeps no addresses', () => {
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

test('the work of encoding listed addresses grows linearly with their number', () => {
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
  /** Counts the addresses that the addon looks at, and its calls. */
  const workOf = (count: number) => {
    let work = 0;
    const requests = new LinkRequestBuffer({
      encodeAddresses: (...args) => {
        const encoded = native.encodeAddresses(...args);
        work += 1 + encoded;
        return encoded;
      },
      findContradiction: (addresses) => {
        work += 1 + addresses.length / size;
        return native.findContradiction(addresses);
      },
    });
    requests.begin('planAddresses');
    requests.addAddresses('wanted', listed(count), LINK, 0);
    requests.commit();
    expect(requests.addressBytes()).toHaveLength(count * size);
    return work;
  };
  expect(workOf(2000)).toBeLessThan(9 * workOf(250));
});
