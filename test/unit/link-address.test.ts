import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AF_INET, AF_INET6 } from '../../lib/core/address.js';
import { decodeLinkAddress, formatLinkAddress, type LinkAddress } from '../../lib/links/address.js';
import { LinkRequestBuffer } from '../../lib/links/request-buffer.js';
import { Records } from '../../lib/native/records.js';
import { nameBytes } from './answers.js';
import { canonicalIpv6, ipv4Bytes, ipv6Bytes } from './arbitraries.js';
import { encode, expectInputError, type Kind, layout, native, thrownBy } from './requests.js';

const record = layout.addressSettings;
const FOREVER = 0xffffffff;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;

/** The index of the link that listed addresses are on. */
const LISTED_ON = 7;

function written(config: unknown): Records {
  const requests = new LinkRequestBuffer(native);
  requests.begin('addAddress');
  requests.addAddress('address', config, LISTED_ON);
  requests.commit();
  return new Records(requests.addressBytes().slice().buffer);
}
const formatted = (config: unknown) => formatLinkAddress(written(config), 0);
/** The scope that an address has by default; an IPv6 address has it in any case. */
function scopeOf(address: string): 'host' | 'link' | 'site' | 'global' {
  if (address.startsWith('127.') || address === '::1') return 'host';
  if (/^fe[89ab][\da-f]:/.test(address)) return 'link';
  return /^fe[c-f][\da-f]:/.test(address) ? 'site' : 'global';
}
const scopeNumbers = { global: 0, site: 200, link: 253, host: 254 };
/** What a link says that has the address. */
function listed(config: unknown): LinkAddress {
  const settings = written(config);
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
const flagsOf = (config: unknown) => written(config).number(0, record.fields.flags);

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
  test('comes back as it was written, as text and in full', () => {
    fc.assert(
      fc.property(anyAddress, ({ address, prefixLength, family }) => {
        const text = `${address}/${prefixLength}`;
        expect(formatted(text)).toBe(text);
        expect(formatted({ address, prefixLength })).toBe(text);
        expect(written({ address, prefixLength }).bytes).toEqual(written(text).bytes);
        expect(written(text).number(0, record.fields.family)).toBe(family);
        // What a list says of it names it.
        const scope = scopeOf(address);
        expect(listed(text)).toMatchObject({ address, prefixLength, scope, peer: null });
        expect(formatted(listed(text))).toBe(text);
      }),
    );
  });

  test.each([
    ['10.0.0.1', '10.0.0.1/32'],
    ['10.0.0.1/24', '10.0.0.1/24'],
    ['10.0.0.1/0', '10.0.0.1/0'],
    ['::/0', '::/0'],
    ['FD00:0::1', 'fd00::1/128'],
    ['::1/127', '::1/127'],
  ])('%s is %s', (text, expected) => {
    expect(formatted(text)).toBe(expected);
  });

  test.each([
    ['127.0.0.0', 'host'],
    ['127.0.0.2', 'host'],
    ['127.255.255.255', 'host'],
    ['126.255.255.255', 'global'],
    ['128.0.0.0', 'global'],
    ['169.254.1.1', 'global'],
    ['224.0.0.1', 'global'],
  ])('%s has scope %s by default, which is not asked for', (address, scope) => {
    for (const config of [address, { address }, { address, scope: undefined }]) {
      expect(listed(config).scope).toBe(scope);
      expect(written(config).number(0, record.fields.given)).toBe(0);
    }
    expect(listed({ address, scope: 'link' }).scope).toBe('link');
    expect(listed({ address, scope: 'global' }).scope).toBe('global');
  });

  test('comes without expiry, and of IPv6 without detection and route, unless it asks for them', () => {
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

  test('is read in full', () => {
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

describe('what is asked for', () => {
  const bits = layout.addressGiven;
  const number = (config: unknown, field: keyof typeof record.fields) =>
    written(config).number(0, record.fields[field]);
  const ipv4 = { address: '10.0.0.1' };

  test('is told from defaults', () => {
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

  test('of lifetimes: those that are left out', () => {
    const lifetimes = (settings: object) => {
      const config = { ...ipv4, ...settings };
      return [number(config, 'preferred'), number(config, 'valid')];
    };
    expect(lifetimes({ validLifetime: 600 })).toEqual([600, 600]);
    expect(lifetimes({ preferredLifetime: 60 })).toEqual([60, FOREVER]);
    expect(lifetimes({ preferredLifetime: 0, validLifetime: 600 })).toEqual([0, 600]);
    expect(lifetimes({ preferredLifetime: null, validLifetime: null })).toEqual([FOREVER, FOREVER]);
    // As a list has it, which may be read in the last second.
    expect(lifetimes({ preferredLifetime: 0, validLifetime: 0, flags: [] })).toEqual([0, 0]);
  });

  test('of flags: those that can be given, and not those that the kernel sets', () => {
    const config = { address: 'fd00::1', flags: ['no-dad', 'tentative', 'permanent'] };
    expect(flagsOf(config)).toBe(IFA_F_NODAD);
    expect(flagsOf({ address: 'fd00::1', flags: ['manage-temporary', 'deprecated'] })).toBe(0x100);
    expect(flagsOf({ ...ipv4, flags: ['secondary', 'no-prefix-route'] })).toBe(IFA_F_NOPREFIXROUTE);
    expect(flagsOf({ ...config, prefixRoute: true, duplicateDetection: false })).toBe(IFA_F_NODAD);
  });

  test('of a peer: the address itself is none', () => {
    expect(written({ ...ipv4, peer: '10.0.0.1' }).bytes).toEqual(
      written({ ...ipv4, peer: null }).bytes,
    );
  });

  test.each([
    ['fd00::1', 'global'],
    ['::1', 'host'],
    ['::2', 'global'],
    ['fe80::1', 'link'],
    ['febf::1', 'link'],
    ['fec0::1', 'site'],
    ['2001:db8::1', 'global'],
  ])('the scope of %s is %s', (address, scope) => {
    expect(number({ address, scope }, 'given')).toBe(bits.scope);
  });
});

describe('bad addresses', () => {
  const V4 = 'has no prefix length from 0 to 32';
  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['none', undefined, 'type', 'address', 'undefined', "is not an address such as '10.96.0.1/32'"],
    ['a number', 5, 'type', 'address', '5', 'is not an address such as'],
    ['null', null, 'type', 'address', 'null', 'is not an object'],
    ['empty', '', 'value', 'address', "''", 'is not an IP address'],
    ['a name', 'ipvs0', 'value', 'address', "'ipvs0'", 'is not an IP address'],
    ['brackets', '[fd00::1]', 'value', 'address', "'[fd00::1]'", "drop the brackets: 'fd00::1'"],
    [
      'brackets and bits',
      '[fd00::1]/64',
      'value',
      'address',
      "'[fd00::1]/64'",
      "drop the brackets: 'fd00::1/64'",
    ],
    ['no address', '/24', 'value', 'address', "'/24'", 'is not an IP address'],
    ['33 bits', '10.0.0.1/33', 'value', 'address', "'10.0.0.1/33'", V4],
    ['no bits', '10.0.0.1/', 'value', 'address', "'10.0.0.1/'", V4],
    ['a sign', '10.0.0.1/-1', 'value', 'address', "'10.0.0.1/-1'", V4],
    ['a zero before', '10.0.0.1/024', 'value', 'address', "'10.0.0.1/024'", V4],
    ['a blank', '10.0.0.1/24 ', 'value', 'address', "'10.0.0.1/24 '", V4],
    ['a mask', '10.0.0.1/255.0.0.0', 'value', 'address', "'10.0.0.1/255.0.0.0'", V4],
    ['two', '10.0.0.1/24/24', 'value', 'address', "'10.0.0.1/24/24'", V4],
    ['129 bits', '::/129', 'value', 'address', "'::/129'", 'has no prefix length from 0 to 128'],
    ['a zone', 'fe80::1%eth0', 'value', 'address', "'fe80::1%eth0'", 'is not an IP address'],
    ['in full, none', {}, 'type', 'address.address', 'undefined', 'is not an IP address'],
    [
      'in full, with bits',
      { address: '10.0.0.1/24' },
      'value',
      'address.address',
      "'10.0.0.1/24'",
      'is not an IP address',
    ],
    [
      'a typo',
      { address: '10.0.0.1', prefixLenght: 24 },
      'value',
      'address.prefixLenght',
      "'prefixLenght'",
      'did you mean prefixLength?',
    ],
    [
      'prefixLength 33',
      { address: '10.0.0.1', prefixLength: 33 },
      'range',
      'address.prefixLength',
      '33',
      'is not an integer from 0 to 32 bits',
    ],
    [
      'prefixLength in text',
      { address: '::1', prefixLength: '64' },
      'type',
      'address.prefixLength',
      "'64'",
      'is not an integer from 0 to 128 bits',
    ],
    [
      'a scope',
      { address: '10.0.0.1', scope: 'globl' },
      'value',
      'address.scope',
      "'globl'",
      'did you mean global?',
    ],
    [
      'scope 256',
      { address: '10.0.0.1', scope: 'unknown-256' },
      'value',
      'address.scope',
      "'unknown-256'",
      'is not one of global',
    ],
    [
      'prefixRoute 1',
      { address: '10.0.0.1', prefixRoute: 1 },
      'type',
      'address.prefixRoute',
      '1',
      'is not a boolean',
    ],
    [
      'duplicateDetection null',
      { address: '::1', duplicateDetection: null },
      'type',
      'address.duplicateDetection',
      'null',
      'is not a boolean',
    ],
    [
      'duplicateDetection of IPv4',
      { address: '10.0.0.1', duplicateDetection: true },
      'value',
      'address.duplicateDetection',
      'true',
      'is for IPv6 only',
    ],
    [
      'a peer 5',
      { address: '10.0.0.1', peer: 5 },
      'type',
      'address.peer',
      '5',
      'is not an IP address',
    ],
    [
      'a peer x',
      { address: '::2', peer: 'x' },
      'value',
      'address.peer',
      "'x'",
      'is not an IP address',
    ],
    ...(
      [
        [{ family: 'ipv6' }, 'value', 'family', "'ipv6'", 'is not the family of 10.0.0.1'],
        [{ family: 4 }, 'type', 'family', '4', 'is not one of ipv4, ipv6'],
        [{ broadcast: 5 }, 'type', 'broadcast', '5', 'is not an IPv4 address'],
        [{ broadcast: 'x' }, 'value', 'broadcast', "'x'", 'is not an IPv4 address'],
        [{ broadcast: '::1' }, 'value', 'broadcast', "'::1'", 'is not an IPv4 address'],
        [{ label: '' }, 'value', 'label', "''", 'is not a label: 1 to 15 bytes'],
        [{ label: 5 }, 'type', 'label', '5', 'is not a label: 1 to 15 bytes'],
        [{ label: 'abcdefghijklmnop' }, 'value', 'label', "'abcdefghijklmnop'", '15 bytes'],
        [{ validLifetime: 0 }, 'range', 'validLifetime', '0', 'is not an integer from 1 to'],
        [{ validLifetime: '5' }, 'type', 'validLifetime', "'5'", 'is not an integer from 1 to'],
        [{ preferredLifetime: -1 }, 'range', 'preferredLifetime', '-1', 'from 0 to 4294967294'],
        [
          { preferredLifetime: 6, validLifetime: 5 },
          'value',
          'preferredLifetime',
          '6',
          'is longer than validLifetime',
        ],
        [
          { preferredLifetime: null, validLifetime: 5 },
          'value',
          'preferredLifetime',
          'null',
          'is longer than validLifetime',
        ],
        [{ flags: 'no-dad' }, 'type', 'flags', "'no-dad'", 'is not an array of flags'],
        [{ flags: ['no-dat'] }, 'value', 'flags[0]', "'no-dat'", 'did you mean no-dad?'],
        [
          { flags: ['no-prefix-route'], prefixRoute: true },
          'value',
          'prefixRoute',
          'true',
          'contradicts address.flags',
        ],
        [{ link: 5 }, 'type', 'link', '5', 'is not the name of a link'],
        [{ index: 0 }, 'range', 'index', '0', 'is not an integer from 1'],
      ] as const
    ).map(
      ([settings, kind, key, value, rule]): Row => [
        `${key} of ${JSON.stringify(settings)}`,
        { address: '10.0.0.1', ...settings },
        kind,
        `address.${key}`,
        value,
        rule,
      ],
    ),
    ...(
      [
        [{ broadcast: '10.0.0.255' }, 'broadcast', "'10.0.0.255'", 'is for IPv4 only'],
        [{ label: 'a' }, 'label', "'a'", 'is for IPv4 only'],
        [{ scope: 'link' }, 'scope', "'link'", "whose bits tell 'global'"],
        [{ flags: [], duplicateDetection: false }, 'duplicateDetection', 'false', 'contradicts'],
      ] as const
    ).map(
      ([settings, key, value, rule]): Row => [
        `${key} of IPv6`,
        { address: 'fd00::1', ...settings },
        'value',
        `address.${key}`,
        value,
        rule,
      ],
    ),
    [
      'a peer of the other family',
      { address: '10.0.0.1', peer: '::1' },
      'value',
      'address.peer',
      "'::1'",
      'is not of the same family',
    ],
  ])('%s', (_, config, kind, property, value, rule) => {
    expectInputError(
      thrownBy(() => written(config)),
      { kind, property, value, rule },
    );
  });
});
