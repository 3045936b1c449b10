import { describe, expect, test } from 'vitest';
import type { LinkOperation } from '../../lib/links/operations.js';
import {
  encodeLinkRequests,
  expectLinkRefused,
  type InvalidLinkArgument,
  untypedLinks,
} from './helpers/link-requests.js';

const LINK = 'is not a link: its name, its index, or an object with its index';
const NAME = "is not the name of a link: 1 to 15 bytes without blanks, '/', ':' and '%'";
const INDEX = 'is not an integer from 1 to 2147483647';
const KIND = "is not a kind of link such as 'dummy'";

describe('the link of a call', () => {
  const CALLS: readonly { operation: string; call: (link: unknown) => LinkOperation<unknown> }[] = [
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
  const ROWS: readonly (InvalidLinkArgument & { link: unknown })[] = [
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
    for (const { link, ...expected } of ROWS) expectLinkRefused(() => call(link), expected);
  });

  test('listAddresses takes no link as all links, and refuses what names none', () => {
    for (const { link, ...expected } of ROWS.slice(1)) {
      expectLinkRefused(() => untypedLinks.listAddresses(link), expected);
    }
    expect(encodeLinkRequests(untypedLinks.listAddresses()).count).toBe(1);
  });

  test('ensureDummy takes a link by its name only', () => {
    for (const { name, value } of [
      { name: undefined, value: 'undefined' },
      { name: 7, value: '7' },
      { name: { index: 7 }, value: '{ index: 7 }' },
    ]) {
      const expected = { kind: 'type', property: 'name', value, rule: NAME } as const;
      expectLinkRefused(() => untypedLinks.ensureDummy(name), expected);
    }
    for (const { name, rule } of [
      { name: 'a/b', rule: NAME },
      { name: 'all', rule: 'is reserved by the kernel' },
      { name: 'default', rule: 'is reserved by the kernel' },
    ]) {
      const expected = { kind: 'value', property: 'name', value: `'${name}'`, rule } as const;
      expectLinkRefused(() => untypedLinks.ensureDummy(name), expected);
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
    const rows: readonly (InvalidLinkArgument & { settings: unknown })[] = [
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
    for (const { settings, ...expected } of rows) {
      expectLinkRefused(() => call(settings), expected);
    }
  });
});

describe('options', () => {
  test.each<InvalidLinkArgument & { options: unknown }>([
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
  ])('$options of listLinks are refused', ({ options, ...expected }) => {
    expectLinkRefused(() => untypedLinks.listLinks(options), expected);
  });

  test.each<InvalidLinkArgument & { options: unknown }>([
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
  ])('$options of listAddresses are refused', ({ options, ...expected }) => {
    expectLinkRefused(() => untypedLinks.listAddresses('ipvs0', options), expected);
  });

  test.each<InvalidLinkArgument & { options: unknown }>([
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
  ])('$options of deletions are refused', ({ options, ...expected }) => {
    expectLinkRefused(() => untypedLinks.deleteLink('ipvs0', options), expected);
    expectLinkRefused(() => untypedLinks.deleteAddress('ipvs0', '10.0.0.1', options), expected);
  });

  test('ifExists makes a deletion resolve to false if nothing was there', () => {
    const answers = (call: LinkOperation<unknown>) => {
      encodeLinkRequests(call);
      return call.decoder?.().errnoValues;
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
