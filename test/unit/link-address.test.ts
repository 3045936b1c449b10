import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { decodeLinkAddress, formatLinkAddress, type LinkAddress } from '../../lib/links/address.js';
import { Records } from '../../lib/native/records.js';
import { canonicalIpv6, ipv4Bytes, ipv6Bytes } from './helpers/arbitraries.js';
import { encodedAddress, LISTED_ON } from './helpers/link-requests.js';
import { encode, layout } from './helpers/requests.js';
import { nameBytes } from './helpers/responses.js';

const record = layout.addressSettings;
const FOREVER = 0xffffffff;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;

const formatted = (config: unknown) => formatLinkAddress(encodedAddress(config), 0);
/** Returns the default scope of an IPv4 address, or the only one of an IPv6 address. */
function scopeOf(address: string): 'host' | 'link' | 'site' | 'global' {
  if (address.startsWith('127.') || address === '::1') return 'host';
  if (/^fe[89ab][\da-f]:/.test(address)) return 'link';
  return /^fe[c-f][\da-f]:/.test(address) ? 'site' : 'global';
}
const scopeNumbers = { global: 0, site: 200, link: 253, host: 254 };
/** Returns the address as a link that has it would list it. */
function listed(config: unknown): LinkAddress {
  const settings = encodedAddress(config);
  const [address = ''] = formatLinkAddress(settings, 0).split('/');
  if (address.includes(':')) {
    settings.setNumber(0, record.fields.scope, scopeNumbers[scopeOf(address)]);
  }
  for (const field of ['preferred', 'valid'] as const) {
    settings.setNumber(0, record.fields[field], FOREVER);
  }
  const bytes = encode(layout.linkAddress, { settings: settings.bytes, index: LISTED_ON });
  return decodeLinkAddress(new Records(bytes.slice().buffer), 0);
}
const flagsOf = (config: unknown) => encodedAddress(config).number(0, record.fields.flags);

const anyAddress = fc.oneof(
  fc.record({
    address: ipv4Bytes.map((bytes) => bytes.join('.')),
    prefixLength: fc.nat(32),
    family: fc.constant(AF_INET),
  }),
  fc.record({
    address: ipv6Bytes.map(canonicalIpv6),
    prefixLength: fc.nat(128),
    family: fc.constant(AF_INET6),
  }),
);

describe('an address', () => {
  test('is decoded as it was encoded, as text and as an object', () => {
    fc.assert(
      fc.property(anyAddress, ({ address, prefixLength, family }) => {
        const text = `${address}/${prefixLength}`;
        expect(formatted(text)).toBe(text);
        expect(formatted({ address, prefixLength })).toBe(text);
        expect(encodedAddress({ address, prefixLength }).bytes).toEqual(encodedAddress(text).bytes);
        expect(encodedAddress(text).number(0, record.fields.family)).toBe(family);
        // A listed address can be passed back in.
        const scope = scopeOf(address);
        expect(listed(text)).toMatchObject({ address, prefixLength, scope, peer: null });
        expect(formatted(listed(text))).toBe(text);
      }),
    );
  });

  test.each([
    { text: '10.0.0.1', expected: '10.0.0.1/32' },
    { text: '10.0.0.1/24', expected: '10.0.0.1/24' },
    { text: '10.0.0.1/0', expected: '10.0.0.1/0' },
    { text: '::/0', expected: '::/0' },
    { text: 'FD00:0::1', expected: 'fd00::1/128' },
    { text: '::1/127', expected: '::1/127' },
  ])('$text is formatted as $expected', ({ text, expected }) => {
    expect(formatted(text)).toBe(expected);
  });

  test.each([
    { address: '127.0.0.0', scope: 'host' },
    { address: '127.0.0.2', scope: 'host' },
    { address: '127.255.255.255', scope: 'host' },
    { address: '126.255.255.255', scope: 'global' },
    { address: '128.0.0.0', scope: 'global' },
    { address: '169.254.1.1', scope: 'global' },
    { address: '224.0.0.1', scope: 'global' },
  ])('$address has the default scope $scope, which is not given', ({ address, scope }) => {
    for (const config of [address, { address }, { address, scope: undefined }]) {
      expect(listed(config).scope).toBe(scope);
      expect(encodedAddress(config).number(0, record.fields.given)).toBe(0);
    }
    expect(listed({ address, scope: 'link' }).scope).toBe('link');
    expect(listed({ address, scope: 'global' }).scope).toBe('global');
  });

  test('has no expiry, and for IPv6 neither detection nor route, by default', () => {
    expect(listed('10.0.0.1')).toMatchObject({
      preferredLifetime: null,
      validLifetime: null,
    });
    expect(flagsOf('10.0.0.1')).toBe(0);
    expect(flagsOf({ address: '10.0.0.1', prefixRoute: false })).toBe(IFA_F_NOPREFIXROUTE);
    expect(flagsOf('fd00::1')).toBe(IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    expect(flagsOf({ address: 'fd00::1', prefixRoute: true })).toBe(IFA_F_NODAD);
    expect(flagsOf({ address: 'fd00::1', duplicateDetection: true })).toBe(IFA_F_NOPREFIXROUTE);
  });

  test('is decoded with all of its settings', () => {
    const settings = encode(record, {
      address: Uint8Array.of(10, 0, 0, 1),
      peer: Uint8Array.of(10, 0, 0, 2),
      flags: 0x81,
      family: AF_INET,
      prefixLength: 24,
      scope: 77,
      broadcast: Uint8Array.of(10, 0, 0, 255),
      preferred: 0,
      valid: 600,
      label: Uint8Array.from(nameBytes('eth0:1')),
    });
    const bytes = encode(layout.linkAddress, {
      settings,
      index: 7,
      link: Uint8Array.from(nameBytes('eth0')),
    });
    expect(decodeLinkAddress(new Records(bytes.slice().buffer), 0)).toEqual({
      link: 'eth0',
      index: 7,
      family: 'ipv4',
      address: '10.0.0.1',
      prefixLength: 24,
      peer: '10.0.0.2',
      broadcast: '10.0.0.255',
      scope: 'unknown-77',
      flags: ['secondary', 'permanent'],
      label: 'eth0:1',
      preferredLifetime: 0,
      validLifetime: 600,
    });
  });
});

describe('the given settings', () => {
  const bits = layout.addressGiven;
  const number = (config: unknown, field: keyof typeof record.fields) =>
    encodedAddress(config).number(0, record.fields[field]);
  const ipv4 = { address: '10.0.0.1' };

  test('are distinguished from defaults', () => {
    expect(number('10.0.0.1', 'given')).toBe(0);
    expect(number(ipv4, 'given')).toBe(0);
    expect(number({ ...ipv4, scope: 'host' }, 'given')).toBe(bits.scope);
    expect(number({ ...ipv4, peer: null }, 'given')).toBe(bits.peer);
    expect(number({ ...ipv4, broadcast: null }, 'given')).toBe(bits.broadcast);
    expect(number({ ...ipv4, broadcast: '10.0.0.255' }, 'given')).toBe(bits.broadcast);
    expect(number({ ...ipv4, label: 'eth0:1' }, 'given')).toBe(bits.label);
    expect(number({ ...ipv4, label: null }, 'given')).toBe(0);
    expect(number({ ...ipv4, prefixRoute: true }, 'given')).toBe(bits.prefixRoute);
    expect(number({ ...ipv4, duplicateDetection: false }, 'given')).toBe(bits.duplicateDetection);
    expect(number({ ...ipv4, validLifetime: null }, 'given')).toBe(bits.lifetimes);
    expect(number({ ...ipv4, flags: [] }, 'given')).toBe(
      bits.listed | bits.prefixRoute | bits.duplicateDetection,
    );
  });

  test('determine the lifetimes that are left out', () => {
    const lifetimes = (settings: object) => {
      const config = { ...ipv4, ...settings };
      return [number(config, 'preferred'), number(config, 'valid')];
    };
    expect(lifetimes({ validLifetime: 600 })).toEqual([600, 600]);
    expect(lifetimes({ preferredLifetime: 60 })).toEqual([60, FOREVER]);
    expect(lifetimes({ preferredLifetime: 0, validLifetime: 600 })).toEqual([0, 600]);
    expect(lifetimes({ preferredLifetime: null, validLifetime: null })).toEqual([FOREVER, FOREVER]);
    // A listed address may be in its last second.
    expect(lifetimes({ preferredLifetime: 0, validLifetime: 0, flags: [] })).toEqual([0, 0]);
  });

  test('include the flags that users can set, and not those that the kernel sets', () => {
    const config = { address: 'fd00::1', flags: ['no-dad', 'tentative', 'permanent'] };
    expect(flagsOf(config)).toBe(IFA_F_NODAD);
    expect(flagsOf({ address: 'fd00::1', flags: ['manage-temporary', 'deprecated'] })).toBe(0x100);
    expect(flagsOf({ ...ipv4, flags: ['secondary', 'no-prefix-route'] })).toBe(IFA_F_NOPREFIXROUTE);
    expect(flagsOf({ ...config, prefixRoute: true, duplicateDetection: false })).toBe(IFA_F_NODAD);
  });

  test('have no peer if the peer is the address itself', () => {
    expect(encodedAddress({ ...ipv4, peer: '10.0.0.1' }).bytes).toEqual(
      encodedAddress({ ...ipv4, peer: null }).bytes,
    );
  });

  test.each([
    { address: 'fd00::1', scope: 'global' },
    { address: '::1', scope: 'host' },
    { address: '::2', scope: 'global' },
    { address: 'fe80::1', scope: 'link' },
    { address: 'febf::1', scope: 'link' },
    { address: 'fec0::1', scope: 'site' },
    { address: '2001:db8::1', scope: 'global' },
  ])('accept $scope as the scope of $address', ({ address, scope }) => {
    expect(number({ address, scope }, 'given')).toBe(bits.scope);
  });
});
