import { describe, expect, test } from 'vitest';
import { Ipvs, Links } from '../../lib/index.js';
import type { LinkCall } from '../../lib/links/calls.js';
import {
  encodeLinkRequests,
  expectLinkRefused,
  type LinkRefusal,
  untypedLinks,
} from './link-requests.js';
import { expectInputError, layout } from './requests.js';

const LINK = 'is not a link: its name, its index, or an object with its index';
const NAME = "is not the name of a link: 1 to 15 bytes without blanks, '/', ':' and '%'";
const INDEX = 'is not an integer from 1 to 2147483647';
const KIND = "is not a kind of link such as 'dummy'";
const ON_ADDRESSES = ['addAddress', 'ensureAddress', 'deleteAddress'] as const;

describe('the link of a call', () => {
  const CALLS: readonly { operation: string; call: (link: unknown) => LinkCall<unknown> }[] = [
    { operation: 'getLink', call: (link) => untypedLinks.getLink(link) },
    { operation: 'setLink', call: (link) => untypedLinks.setLink(link, {}) },
    { operation: 'deleteLink', call: (link) => untypedLinks.deleteLink(link) },
    { operation: 'addAddress', call: (link) => untypedLinks.addAddress(link, '10.0.0.1') },
    { operation: 'ensureAddress', call: (link) => untypedLinks.ensureAddress(link, '10.0.0.1') },
    { operation: 'deleteAddress', call: (link) => untypedLinks.deleteAddress(link, '10.0.0.1') },
    {
      operation: 'planAddresses',
      call: (link) => untypedLinks.planAddresses(link, [], false, undefined),
    },
  ];
  const ROWS: readonly (LinkRefusal & { link: unknown })[] = [
    { link: undefined, kind: 'type', property: 'link', value: 'undefined', rule: LINK },
    { link: null, kind: 'type', property: 'link', value: 'null', rule: LINK },
    { link: true, kind: 'type', property: 'link', value: 'true', rule: LINK },
    { link: {}, kind: 'type', property: 'link', value: '{}', rule: LINK },
    { link: { index: '7' }, kind: 'type', property: 'link', value: "{ index: '7' }", rule: LINK },
    { link: 0, kind: 'range', property: 'link', value: '0', rule: INDEX },
    { link: -1, kind: 'range', property: 'link', value: '-1', rule: INDEX },
    { link: 1.5, kind: 'range', property: 'link', value: '1.5', rule: INDEX },
    { link: 2 ** 31, kind: 'range', property: 'link', value: '2147483648', rule: INDEX },
    { link: { index: 0 }, kind: 'range', property: 'link.index', value: '0', rule: INDEX },
    { link: '', kind: 'value', property: 'link', value: "''", rule: NAME },
    { link: '.', kind: 'value', property: 'link', value: "'.'", rule: NAME },
    { link: '..', kind: 'value', property: 'link', value: "'..'", rule: NAME },
    { link: 'a/b', kind: 'value', property: 'link', value: "'a/b'", rule: NAME },
    { link: 'a:1', kind: 'value', property: 'link', value: "'a:1'", rule: NAME },
    { link: 'dummy%d', kind: 'value', property: 'link', value: "'dummy%d'", rule: NAME },
    { link: 'a b', kind: 'value', property: 'link', value: "'a b'", rule: NAME },
    { link: 'a\n', kind: 'value', property: 'link', value: "'a\\n'", rule: NAME },
    // The kernel takes the second byte of it, 0xa0, for a blank.
    { link: 'à', kind: 'value', property: 'link', value: "'à'", rule: NAME },
    { link: '\\x2f', kind: 'value', property: 'link', value: "'\\\\x2f'", rule: NAME },
    { link: 'ääääääää', kind: 'value', property: 'link', value: "'ääääääää'", rule: NAME },
    {
      link: 'abcdefghijklmnop',
      kind: 'value',
      property: 'link',
      value: "'abcdefghijklmnop'",
      rule: NAME,
    },
  ];
  test.each(CALLS)('$operation refuses what names no link', ({ call }) => {
    for (const { link, ...refusal } of ROWS) expectLinkRefused(() => call(link), refusal);
  });

  test('listAddresses takes no link as all links, and refuses what names none', () => {
    for (const { link, ...refusal } of ROWS.slice(1)) {
      expectLinkRefused(() => untypedLinks.listAddresses(link), refusal);
    }
    expect(encodeLinkRequests(untypedLinks.listAddresses()).count).toBe(1);
  });

  test('ensureDummy takes a link by its name only', () => {
    for (const { name, value } of [
      { name: undefined, value: 'undefined' },
      { name: 7, value: '7' },
      { name: { index: 7 }, value: '{ index: 7 }' },
    ]) {
      const refusal = { kind: 'type', property: 'name', value, rule: NAME } as const;
      expectLinkRefused(() => untypedLinks.ensureDummy(name), refusal);
    }
    for (const { name, rule } of [
      { name: 'a/b', rule: NAME },
      { name: 'all', rule: 'is reserved by the kernel' },
      { name: 'default', rule: 'is reserved by the kernel' },
    ]) {
      const refusal = { kind: 'value', property: 'name', value: `'${name}'`, rule } as const;
      expectLinkRefused(() => untypedLinks.ensureDummy(name), refusal);
    }
  });

  test.each([
    'a',
    'abcdefghijklmno',
    'eth0.100',
    '@{}~',
    '...',
    'äöü',
    'a\\b',
    '\\xff\\x01',
    'all',
  ])('%s is accepted as a name', (name) => {
    expect(encodeLinkRequests(untypedLinks.getLink(name)).count).toBe(1);
  });
});

describe('settings', () => {
  const ENSURE = (value: unknown) => untypedLinks.ensureDummy('ipvs0', value);
  const SET = (value: unknown) => untypedLinks.setLink('ipvs0', value);
  const MTU = 'is not an integer from 0 to 2147483647 bytes';
  test.each([
    { operation: 'ensureDummy', argument: 'options', call: ENSURE },
    { operation: 'setLink', argument: 'changes', call: SET },
  ])('$operation refuses bad $argument', ({ argument, call }) => {
    const rows: readonly (LinkRefusal & { settings: unknown })[] = [
      { settings: null, kind: 'type', property: argument, value: 'null', rule: 'is not an object' },
      { settings: 5, kind: 'type', property: argument, value: '5', rule: 'is not an object' },
      { settings: [], kind: 'type', property: argument, value: '[]', rule: 'is not an object' },
      {
        settings: { mut: 1 },
        kind: 'value',
        property: `${argument}.mut`,
        value: "'mut'",
        rule: 'did you mean mtu?',
      },
      {
        settings: { up: 1 },
        kind: 'type',
        property: `${argument}.up`,
        value: '1',
        rule: 'is not a boolean',
      },
      {
        settings: { up: null },
        kind: 'type',
        property: `${argument}.up`,
        value: 'null',
        rule: 'is not a boolean',
      },
      {
        settings: { mtu: '1500' },
        kind: 'type',
        property: `${argument}.mtu`,
        value: "'1500'",
        rule: MTU,
      },
      { settings: { mtu: -1 }, kind: 'range', property: `${argument}.mtu`, value: '-1', rule: MTU },
      {
        settings: { mtu: 2 ** 31 },
        kind: 'range',
        property: `${argument}.mtu`,
        value: '2147483648',
        rule: MTU,
      },
    ];
    for (const { settings, ...refusal } of rows) {
      expectLinkRefused(() => call(settings), refusal);
    }
  });
});

describe('options', () => {
  test.each<LinkRefusal & { options: unknown }>([
    {
      options: { kid: 'dummy' },
      kind: 'value',
      property: 'options.kid',
      value: "'kid'",
      rule: 'did you mean kind?',
    },
    { options: { kind: 5 }, kind: 'type', property: 'options.kind', value: '5', rule: KIND },
    { options: { kind: null }, kind: 'type', property: 'options.kind', value: 'null', rule: KIND },
    { options: { kind: '' }, kind: 'value', property: 'options.kind', value: "''", rule: KIND },
    {
      options: { kind: 'a b' },
      kind: 'value',
      property: 'options.kind',
      value: "'a b'",
      rule: KIND,
    },
    {
      options: { kind: 'x'.repeat(32) },
      kind: 'value',
      property: 'options.kind',
      value: `'${'x'.repeat(32)}'`,
      rule: KIND,
    },
  ])('$options of listLinks are refused', ({ options, ...refusal }) => {
    expectLinkRefused(() => untypedLinks.listLinks(options), refusal);
  });

  test.each<LinkRefusal & { options: unknown }>([
    {
      options: { family: 'ipv5' },
      kind: 'value',
      property: 'options.family',
      value: "'ipv5'",
      rule: 'is not one of ipv4, ipv6: did you mean',
    },
    {
      options: { family: 4 },
      kind: 'type',
      property: 'options.family',
      value: '4',
      rule: 'is not one of ipv4, ipv6',
    },
  ])('$options of listAddresses are refused', ({ options, ...refusal }) => {
    expectLinkRefused(() => untypedLinks.listAddresses('ipvs0', options), refusal);
  });

  test.each<LinkRefusal & { options: unknown }>([
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'is not an object' },
    {
      options: { ifExists: 1 },
      kind: 'type',
      property: 'options.ifExists',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      options: { ifExist: true },
      kind: 'value',
      property: 'options.ifExist',
      value: "'ifExist'",
      rule: 'did you mean ifExists?',
    },
  ])('$options of deletions are refused', ({ options, ...refusal }) => {
    expectLinkRefused(() => untypedLinks.deleteLink('ipvs0', options), refusal);
    expectLinkRefused(() => untypedLinks.deleteAddress('ipvs0', '10.0.0.1', options), refusal);
  });

  test('ifExists makes a deletion resolve to false if nothing was there', () => {
    const answers = (call: LinkCall<unknown>) => {
      encodeLinkRequests(call);
      return call.reader?.().answers;
    };
    const address = (options: unknown) => untypedLinks.deleteAddress('d', '10.0.0.1', options);
    expect(answers(untypedLinks.deleteLink('d', { ifExists: true }))).toEqual({ ENODEV: false });
    expect(answers(address({ ifExists: true }))).toEqual({
      EADDRNOTAVAIL: false,
      ENODEV: false,
      ENXIO: false,
    });
    expect(answers(untypedLinks.deleteLink('d'))).toBeUndefined();
    expect(answers(address({ ifExists: false }))).toBeUndefined();
  });
});

test('the error for a bad address in a list has its place', () => {
  const rule = 'has no prefix length from 0 to 32';
  const refusal = { kind: 'value', value: "'10.0.0.1/33'", rule } as const;
  for (const operation of ON_ADDRESSES) {
    expectLinkRefused(() => untypedLinks[operation]('ipvs0', '10.0.0.1/33'), {
      ...refusal,
      property: 'address',
    });
  }
  expectLinkRefused(
    () => untypedLinks.planAddresses('ipvs0', ['10.0.0.1', '10.0.0.1/33'], false, undefined),
    { ...refusal, property: 'wanted[1]' },
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

  test.each<LinkRefusal & { link: unknown; address: unknown }>([
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
  ])('$address is refused on link $link', ({ link, address, ...refusal }) => {
    for (const name of ON_ADDRESSES) {
      expectLinkRefused(() => untypedLinks[name](link, address), refusal);
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
      const refusal = { kind: 'value', property: 'link', value, rule } as const;
      expectLinkRefused(() => untypedLinks[name](link, address), refusal);
    }
  });

  test.each<LinkRefusal & { link: unknown; address: unknown }>([
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
  ])('$link and $address are refused for another mistake', ({ link, address, ...refusal }) => {
    for (const name of ON_ADDRESSES) {
      expectLinkRefused(() => untypedLinks[name](link, address), refusal);
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
    const refusal = { kind: 'value', property, value, rule: 'contradicts wanted[' } as const;
    expectLinkRefused(() => plan(...wanted), refusal);
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

describe('reconcileAddresses and watch', () => {
  const rejected = async (...args: readonly unknown[]): Promise<unknown> => {
    await using links = await Links.open();
    const reconcile = links.reconcileAddresses.bind(links) as (
      ...given: readonly unknown[]
    ) => Promise<unknown>;
    return reconcile(...args).then(
      () => expect.unreachable('it was accepted'),
      (error: unknown) => error,
    );
  };
  test.each<LinkRefusal & { args: readonly unknown[] }>([
    {
      args: ['lo', 'x'],
      kind: 'type',
      property: 'wanted',
      value: "'x'",
      rule: 'is not an array of addresses',
    },
    {
      args: ['lo', [5]],
      kind: 'type',
      property: 'wanted[0]',
      value: '5',
      rule: 'is not an address such as',
    },
    {
      args: ['lo', [], null],
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      args: ['lo', [], { prun: true }],
      kind: 'value',
      property: 'options.prun',
      value: "'prun'",
      rule: 'did you mean prune?',
    },
    {
      args: ['lo', [], { prune: 1 }],
      kind: 'type',
      property: 'options.prune',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      args: ['lo', [], { signal: {} }],
      kind: 'type',
      property: 'options.signal',
      value: '{}',
      rule: 'is not an AbortSignal',
    },
    {
      args: ['lo', [], { family: 4 }],
      kind: 'type',
      property: 'options.family',
      value: '4',
      rule: 'is not one of ipv4, ipv6',
    },
    { args: ['', []], kind: 'value', property: 'link', value: "''", rule: NAME },
  ])('reconcileAddresses refuses $args', async ({ args, ...refusal }) => {
    const subject = args[0] === 'lo' ? 'reconcileAddresses lo' : "reconcileAddresses ''";
    expectInputError(await rejected(...args), { subject, ...refusal });
  });

  const TYPES = "is not an array of 'link' and 'address'";
  test.each<LinkRefusal & { options: unknown }>([
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'is not an object' },
    {
      options: { type: [] },
      kind: 'value',
      property: 'options.type',
      value: "'type'",
      rule: 'did you mean types?',
    },
    {
      options: { types: 'link' },
      kind: 'type',
      property: 'options.types',
      value: "'link'",
      rule: TYPES,
    },
    { options: { types: [] }, kind: 'value', property: 'options.types', value: '[]', rule: TYPES },
    {
      options: { types: ['links'] },
      kind: 'value',
      property: 'options.types',
      value: "[ 'links' ]",
      rule: TYPES,
    },
    {
      options: { types: ['link', 5] },
      kind: 'value',
      property: 'options.types',
      value: "[ 'link', 5 ]",
      rule: TYPES,
    },
    {
      options: { signal: null },
      kind: 'type',
      property: 'options.signal',
      value: 'null',
      rule: 'is not an AbortSignal',
    },
  ])('watch refuses $options', async ({ options, ...refusal }) => {
    await using links = await Links.open();
    const watch = links.watch.bind(links) as (given: unknown) => unknown;
    let error: unknown;
    try {
      watch(options);
    } catch (thrown) {
      error = thrown;
    }
    expectInputError(error, { subject: 'watch', ...refusal });
  });
});

describe('options of open()', () => {
  const PID = 'is not an integer from 1 to 2147483647';
  const FD = 'is not an integer from 0 to 2147483647';
  const NETNS = 'is not the path of a network namespace, { pid } or { fd }';
  test.each<LinkRefusal & { netns: unknown }>([
    { netns: {}, kind: 'type', property: 'options.netns', value: '{}', rule: NETNS },
    { netns: null, kind: 'type', property: 'options.netns', value: 'null', rule: NETNS },
    { netns: 7, kind: 'type', property: 'options.netns', value: '7', rule: NETNS },
    { netns: '', kind: 'value', property: 'options.netns', value: "''", rule: NETNS },
    { netns: { pid: 0 }, kind: 'range', property: 'options.netns.pid', value: '0', rule: PID },
    { netns: { pid: '1' }, kind: 'type', property: 'options.netns.pid', value: "'1'", rule: PID },
    {
      netns: { pid: undefined },
      kind: 'type',
      property: 'options.netns.pid',
      value: 'undefined',
      rule: PID,
    },
    { netns: { fd: -1 }, kind: 'range', property: 'options.netns.fd', value: '-1', rule: FD },
    {
      netns: { fd: 2 ** 31 },
      kind: 'range',
      property: 'options.netns.fd',
      value: '2147483648',
      rule: FD,
    },
    { netns: { fd: 1.5 }, kind: 'range', property: 'options.netns.fd', value: '1.5', rule: FD },
    { netns: { fd: null }, kind: 'type', property: 'options.netns.fd', value: 'null', rule: FD },
    {
      netns: { pid: 1, fd: 3 },
      kind: 'value',
      property: 'options.netns',
      value: '{ pid: 1, fd: 3 }',
      rule: `${NETNS}, but both`,
    },
    {
      netns: { fd: 3, path: '/x' },
      kind: 'value',
      property: 'options.netns.path',
      value: "'path'",
      rule: 'is not a known property',
    },
  ])('open() refuses $netns as a network namespace', async ({ netns, ...refusal }) => {
    for (const open of [Ipvs.open, Links.open] as ((options: unknown) => Promise<unknown>)[]) {
      const error: unknown = await open({ netns }).then(
        () => expect.unreachable('a handle was opened'),
        (reason: unknown) => reason,
      );
      expectInputError(error, { subject: 'open', ...refusal });
    }
  });
});
