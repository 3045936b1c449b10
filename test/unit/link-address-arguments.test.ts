import { describe, expect, test } from 'vitest';
import {
  encodeLinkRequests,
  expectLinkRefused,
  type InvalidLinkArgument,
  untypedLinks,
} from './helpers/link-requests.js';
import { layout } from './helpers/requests.js';

const INDEX = 'is not an integer from 1 to 2147483647';
const ON_ADDRESSES = ['addAddress', 'ensureAddress', 'deleteAddress'] as const;

test('the error for a bad address in a list has its place', () => {
  const rule = 'has no prefix length from 0 to 32';
  const expected = { kind: 'value', value: "'10.0.0.1/33'", rule } as const;
  for (const operation of ON_ADDRESSES) {
    expectLinkRefused(() => untypedLinks[operation]('ipvs0', '10.0.0.1/33'), {
      ...expected,
      property: 'address',
    });
  }
  expectLinkRefused(
    () => untypedLinks.planAddresses('ipvs0', ['10.0.0.1', '10.0.0.1/33'], false, undefined),
    { ...expected, property: 'wanted[1]' },
  );
});

const ADVICE = 'leave out link and index to use it with another link';

describe('listed addresses', () => {
  const listed = { address: '10.0.0.1', prefixLength: 24, link: 'vip0', index: 7 };
  const accepted = (link: unknown, address: unknown) =>
    encodeLinkRequests(untypedLinks.addAddress(link, address)).firstAddress(0);
  /** Returns the index of the link that the addon has to check; 0: none. */
  const linkIn = ({ records, base }: ReturnType<typeof accepted>) =>
    records.number(base, layout.addressSettings.fields.link);

  test('are accepted for their own link, by its name or its index', () => {
    expect(linkIn(accepted('vip0', listed))).toBe(0);
    expect(linkIn(accepted(7, listed))).toBe(0);
    expect(linkIn(accepted({ index: 7 }, listed))).toBe(0);
    // A link that was deleted and created again has another index.
    expect(linkIn(accepted('vip0', { ...listed, index: 8 }))).toBe(0);
    // The same name in another notation.
    expect(linkIn(accepted('\\x76ip0', listed))).toBe(0);
    // It may be another name of the same link.
    expect(linkIn(accepted('alternative', listed))).toBe(7);
    expect(linkIn(accepted('vip0', { address: '10.0.0.1', index: 7 }))).toBe(7);
  });

  test.each<InvalidLinkArgument & { link: unknown; address: unknown }>([
    {
      link: 8,
      address: listed,
      kind: 'value',
      property: 'address.index',
      value: '7',
      rule: `('vip0') is not the link 8: ${ADVICE}`,
    },
    {
      link: 8,
      address: { ...listed, link: undefined },
      kind: 'value',
      property: 'address.index',
      value: '7',
      rule: `is not the link 8: ${ADVICE}`,
    },
    {
      link: 7,
      address: { ...listed, index: undefined },
      kind: 'value',
      property: 'address.link',
      value: "'vip0'",
      rule: `is not the link 7: ${ADVICE}`,
    },
    {
      link: 'e1',
      address: { address: '::2', link: 'e0' },
      kind: 'value',
      property: 'address.link',
      value: "'e0'",
      rule: `is not the link 'e1': ${ADVICE}`,
    },
    {
      link: 'e1',
      address: { address: '::2', link: 5 },
      kind: 'type',
      property: 'address.link',
      value: '5',
      rule: 'is not the name of a link',
    },
    {
      link: 'e1',
      address: { address: '::2', index: '5' },
      kind: 'type',
      property: 'address.index',
      value: "'5'",
      rule: INDEX,
    },
    {
      link: 'e1',
      address: { address: '::2', index: 0 },
      kind: 'range',
      property: 'address.index',
      value: '0',
      rule: INDEX,
    },
  ])('$address is refused on link $link', ({ link, address, ...expected }) => {
    for (const name of ON_ADDRESSES) {
      expectLinkRefused(() => untypedLinks[name](link, address), expected);
    }
  });
});

describe('arguments in the wrong order', () => {
  const rule = 'is an address: the link comes first';
  test.each<{ link: unknown; address: unknown }>([
    { link: '10.0.0.1/32', address: 'vip0' },
    { link: '10.0.0.1', address: 'vip0' },
    { link: 'fd00::1/128', address: 'vip0' },
    { link: 'fd00::1', address: 3 },
    { link: '10.0.0.1', address: { index: 3 } },
    { link: { address: '10.0.0.1' }, address: 'vip0' },
  ])('$link before the link $address is refused as an address', ({ link, address }) => {
    const value = typeof link === 'string' ? `'${link}'` : "{ address: '10.0.0.1' }";
    for (const name of ON_ADDRESSES) {
      const expected = { kind: 'value', property: 'link', value, rule } as const;
      expectLinkRefused(() => untypedLinks[name](link, address), expected);
    }
  });

  test.each<InvalidLinkArgument & { link: unknown; address: unknown }>([
    // The link may have this name, and this may be a mistyped address.
    {
      link: '10.0.0.1',
      address: '10.0.0.300',
      kind: 'value',
      property: 'address',
      value: "'10.0.0.300'",
      rule: 'is not an IP address',
    },
    {
      link: '10.0.0.1',
      address: 'fd00::g',
      kind: 'value',
      property: 'address',
      value: "'fd00::g'",
      rule: 'is not an IP address',
    },
    {
      link: '10.0.0.1',
      address: '10.0.0.1/33',
      kind: 'value',
      property: 'address',
      value: "'10.0.0.1/33'",
      rule: 'has no prefix length',
    },
    {
      link: 'vip0',
      address: 'vip1',
      kind: 'value',
      property: 'address',
      value: "'vip1'",
      rule: 'is not an IP address',
    },
    {
      link: 'a/b',
      address: 'vip1',
      kind: 'value',
      property: 'link',
      value: "'a/b'",
      rule: 'is not the name of a link',
    },
    {
      link: '10.0.0.1',
      address: undefined,
      kind: 'type',
      property: 'address',
      value: 'undefined',
      rule: 'is not an address such as',
    },
    {
      link: { index: 3, address: '10.0.0.1' },
      address: 'vip0',
      kind: 'value',
      property: 'address',
      value: "'vip0'",
      rule: 'is not an IP',
    },
  ])('$link and $address are refused for another mistake', ({ link, address, ...expected }) => {
    for (const name of ON_ADDRESSES) {
      expectLinkRefused(() => untypedLinks[name](link, address), expected);
    }
  });
});

describe('an address that is wanted twice', () => {
  const plan = (...wanted: readonly unknown[]) =>
    untypedLinks.planAddresses('vip0', wanted, false, undefined);
  const flags = ['permanent'];

  test.each([
    { wanted: ['10.0.0.1', '10.0.0.1'] },
    { wanted: ['10.0.0.1/24', '10.0.0.1/32'] },
    { wanted: ['fd00::1/64', { address: 'fd00::1', prefixLength: 64, flags }] },
    { wanted: ['fd00::1', { address: 'fd00::1', prefixRoute: true }] },
  ])('is accepted if the two agree: $wanted', ({ wanted }) => {
    expect(encodeLinkRequests(plan(...wanted)).count).toBe(1);
  });

  test.each<{ wanted: readonly unknown[]; property: string; value: string }>([
    {
      wanted: ['10.0.0.9', 'fd00::1/64', 'fd00::1/128'],
      property: 'wanted[2]',
      value: "'fd00::1/128'",
    },
    {
      wanted: [{ address: 'fd00::1' }, '10.0.0.9', 'fd00::1/64'],
      property: 'wanted[2]',
      value: "'fd00::1/64'",
    },
  ])('with another prefix length is refused: $wanted', ({ wanted, property, value }) => {
    const expected = { kind: 'value', property, value, rule: 'contradicts wanted[' } as const;
    expectLinkRefused(() => plan(...wanted), expected);
  });

  test('with another setting is refused, and the error names both', () => {
    const other = { address: '10.0.0.1', scope: 'link' };
    expectLinkRefused(() => plan({ address: '10.0.0.1', scope: 'host' }, '10.0.0.2', other), {
      kind: 'value',
      property: 'wanted[2]',
      value: "{ address: '10.0.0.1', scope: 'link' }",
      rule: 'contradicts wanted[0]',
    });
  });
});
