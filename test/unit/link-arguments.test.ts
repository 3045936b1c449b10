import { describe, expect, test } from 'vitest';
import { Ipvs, Links } from '../../lib/index.js';
import type { LinkCall } from '../../lib/links/calls.js';
import { expectLinkRefused, packLinks, untypedLinks } from './link-requests.js';
import type { Refused } from './refusals.js';
import { expectInputError, layout } from './requests.js';

const LINK = 'is not a link: its name, its index, or an object with its index';
const NAME = "is not the name of a link: 1 to 15 bytes without blanks, '/', ':' and '%'";
const INDEX = 'is not an integer from 1 to 2147483647';

describe('what names a link', () => {
  const PLACES: readonly (readonly [string, (link: unknown) => LinkCall<unknown>])[] = [
    ['getLink', (link) => untypedLinks.getLink(link)],
    ['setLink', (link) => untypedLinks.setLink(link, {})],
    ['deleteLink', (link) => untypedLinks.deleteLink(link)],
    ['addAddress', (link) => untypedLinks.addAddress(link, '10.0.0.1')],
    ['ensureAddress', (link) => untypedLinks.ensureAddress(link, '10.0.0.1')],
    ['deleteAddress', (link) => untypedLinks.deleteAddress(link, '10.0.0.1')],
    ['planAddresses', (link) => untypedLinks.planAddresses(link, [], false, undefined)],
  ];
  const ROWS: readonly (readonly [unknown, ...Refused])[] = [
    [undefined, 'type', 'link', 'undefined', LINK],
    [null, 'type', 'link', 'null', LINK],
    [true, 'type', 'link', 'true', LINK],
    [{}, 'type', 'link', '{}', LINK],
    [{ index: '7' }, 'type', 'link', "{ index: '7' }", LINK],
    [0, 'range', 'link', '0', INDEX],
    [-1, 'range', 'link', '-1', INDEX],
    [1.5, 'range', 'link', '1.5', INDEX],
    [2 ** 31, 'range', 'link', '2147483648', INDEX],
    [{ index: 0 }, 'range', 'link.index', '0', INDEX],
    ['', 'value', 'link', "''", NAME],
    ['.', 'value', 'link', "'.'", NAME],
    ['..', 'value', 'link', "'..'", NAME],
    ['a/b', 'value', 'link', "'a/b'", NAME],
    ['a:1', 'value', 'link', "'a:1'", NAME],
    ['dummy%d', 'value', 'link', "'dummy%d'", NAME],
    ['a b', 'value', 'link', "'a b'", NAME],
    ['a\n', 'value', 'link', "'a\\n'", NAME],
    // The kernel takes the second byte of it, 0xa0, for a blank.
    ['à', 'value', 'link', "'à'", NAME],
    ['\\x2f', 'value', 'link', "'\\\\x2f'", NAME],
    ['ääääääää', 'value', 'link', "'ääääääää'", NAME],
    ['abcdefghijklmnop', 'value', 'link', "'abcdefghijklmnop'", NAME],
  ];
  test.each(PLACES)('%s', (_, place) => {
    for (const [link, ...row] of ROWS) expectLinkRefused(() => place(link), row);
  });

  test('listAddresses, where none is all of them', () => {
    for (const [link, ...row] of ROWS.slice(1)) {
      expectLinkRefused(() => untypedLinks.listAddresses(link), row);
    }
    expect(packLinks(untypedLinks.listAddresses()).count).toBe(1);
  });

  test('ensureDummy takes a name alone', () => {
    for (const name of [undefined, 7, { index: 7 }]) {
      const shown = name === undefined ? 'undefined' : name === 7 ? '7' : '{ index: 7 }';
      expectLinkRefused(() => untypedLinks.ensureDummy(name), ['type', 'name', shown, NAME]);
    }
    expectLinkRefused(() => untypedLinks.ensureDummy('a/b'), ['value', 'name', "'a/b'", NAME]);
    for (const name of ['all', 'default']) {
      const row = ['value', 'name', `'${name}'`, 'is reserved by the kernel'] as const;
      expectLinkRefused(() => untypedLinks.ensureDummy(name), row);
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
  ])('%s is a name', (name) => {
    expect(packLinks(untypedLinks.getLink(name)).count).toBe(1);
  });
});

describe('settings', () => {
  const PLACES: readonly (readonly [string, string, (value: unknown) => LinkCall<unknown>])[] = [
    ['ensureDummy', 'options', (value) => untypedLinks.ensureDummy('ipvs0', value)],
    ['setLink', 'changes', (value) => untypedLinks.setLink('ipvs0', value)],
  ];
  const MTU = 'is not an integer from 0 to 2147483647 bytes';
  test.each(PLACES)('of %s', (_, property, place) => {
    const rows: readonly (readonly [unknown, ...Refused])[] = [
      [null, 'type', property, 'null', 'is not an object'],
      [5, 'type', property, '5', 'is not an object'],
      [[], 'type', property, '[]', 'is not an object'],
      [{ mut: 1 }, 'value', `${property}.mut`, "'mut'", 'did you mean mtu?'],
      [{ up: 1 }, 'type', `${property}.up`, '1', 'is not a boolean'],
      [{ up: null }, 'type', `${property}.up`, 'null', 'is not a boolean'],
      [{ mtu: '1500' }, 'type', `${property}.mtu`, "'1500'", MTU],
      [{ mtu: -1 }, 'range', `${property}.mtu`, '-1', MTU],
      [{ mtu: 2 ** 31 }, 'range', `${property}.mtu`, '2147483648', MTU],
    ];
    for (const [value, ...row] of rows) expectLinkRefused(() => place(value), row);
  });
});

describe('options', () => {
  test('of lists', () => {
    const { listLinks, listAddresses } = untypedLinks;
    const typo = ['value', 'options.kid', "'kid'", 'did you mean kind?'] as const;
    expectLinkRefused(() => listLinks({ kid: 'dummy' }), typo);
    for (const kind of [5, null]) {
      const row = [
        'type',
        'options.kind',
        `${kind}`,
        "is not a kind of link such as 'dummy'",
      ] as const;
      expectLinkRefused(() => listLinks({ kind }), row);
    }
    for (const kind of ['', 'a b', 'x'.repeat(32)]) {
      const row = ['value', 'options.kind', `'${kind}'`, 'is not a kind of link'] as const;
      expectLinkRefused(() => listLinks({ kind }), row);
    }
    expectLinkRefused(
      () => listAddresses('ipvs0', { family: 'ipv5' }),
      ['value', 'options.family', "'ipv5'", 'is not one of ipv4, ipv6: did you mean'],
    );
    expectLinkRefused(
      () => listAddresses('ipvs0', { family: 4 }),
      ['type', 'options.family', '4', 'is not one of ipv4, ipv6'],
    );
  });

  test('of deletions', () => {
    for (const call of [
      (options: unknown) => untypedLinks.deleteLink('ipvs0', options),
      (options: unknown) => untypedLinks.deleteAddress('ipvs0', '10.0.0.1', options),
    ]) {
      expectLinkRefused(() => call(null), ['type', 'options', 'null', 'is not an object']);
      const row = ['type', 'options.ifExists', '1', 'is not a boolean'] as const;
      expectLinkRefused(() => call({ ifExists: 1 }), row);
      const typo = ['value', 'options.ifExist', "'ifExist'", 'did you mean ifExists?'] as const;
      expectLinkRefused(() => call({ ifExist: true }), typo);
    }
  });

  test('of deletions decide whether absence is an answer', () => {
    const answers = (call: LinkCall<unknown>) => {
      packLinks(call);
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

test('bad addresses of any call, and where one stands in a list', () => {
  const row = ['value', 'address', "'10.0.0.1/33'", 'has no prefix length from 0 to 32'] as const;
  for (const operation of ['addAddress', 'ensureAddress', 'deleteAddress'] as const) {
    expectLinkRefused(() => untypedLinks[operation]('ipvs0', '10.0.0.1/33'), row);
  }
  expectLinkRefused(
    () => untypedLinks.planAddresses('ipvs0', ['10.0.0.1', '10.0.0.1/33'], false, undefined),
    ['value', 'wanted[1]', "'10.0.0.1/33'", 'has no prefix length from 0 to 32'],
  );
});

const ADVICE = 'leave out link and index to use it with another link';

describe('listed addresses', () => {
  const listed = { address: '10.0.0.1', prefixLength: 24, link: 'vip0', index: 7 };
  const accepted = (link: unknown, address: unknown) =>
    packLinks(untypedLinks.addAddress(link, address)).firstAddress(0);
  /** The index of the link that the addon has to see to. */
  const linkIn = ({ records, base }: ReturnType<typeof accepted>) =>
    records.number(base, layout.addressSettings.fields.link);

  test('are for their own link, by its name or its index', () => {
    expect(linkIn(accepted('vip0', listed))).toBe(0);
    expect(linkIn(accepted(7, listed))).toBe(0);
    expect(linkIn(accepted({ index: 7 }, listed))).toBe(0);
    // Made anew, it has another index.
    expect(linkIn(accepted('vip0', { ...listed, index: 8 }))).toBe(0);
    // It may be another name of the same link.
    expect(linkIn(accepted('alternative', listed))).toBe(7);
    expect(linkIn(accepted('vip0', { address: '10.0.0.1', index: 7 }))).toBe(7);
  });

  test.each<readonly [unknown, unknown, ...Refused]>([
    [8, listed, 'value', 'address.index', '7', `('vip0') is not the link 8: ${ADVICE}`],
    [
      8,
      { ...listed, link: undefined },
      'value',
      'address.index',
      '7',
      `is not the link 8: ${ADVICE}`,
    ],
    [
      7,
      { ...listed, index: undefined },
      'value',
      'address.link',
      "'vip0'",
      `is not the link 7: ${ADVICE}`,
    ],
    [
      'e1',
      { address: '::2', link: 'e0' },
      'value',
      'address.link',
      "'e0'",
      `is not the link 'e1': ${ADVICE}`,
    ],
    ['e1', { address: '::2', link: 5 }, 'type', 'address.link', '5', 'is not the name of a link'],
    ['e1', { address: '::2', index: '5' }, 'type', 'address.index', "'5'", INDEX],
    ['e1', { address: '::2', index: 0 }, 'range', 'address.index', '0', INDEX],
  ])('of another link are refused: %j, %j', (link, address, ...row) => {
    for (const name of ['addAddress', 'ensureAddress', 'deleteAddress'] as const) {
      expectLinkRefused(() => untypedLinks[name](link, address), row);
    }
  });
});

describe('arguments in the wrong order', () => {
  const rule = 'is an address: the link comes first';
  test.each<readonly [unknown, unknown]>([
    ['10.0.0.1/32', 'vip0'],
    ['10.0.0.1', 'vip0'],
    ['fd00::1/128', 'vip0'],
    ['fd00::1', 3],
    ['10.0.0.1', { index: 3 }],
    [{ address: '10.0.0.1' }, 'vip0'],
  ])('are recognised: %j, %j', (link, address) => {
    const value = typeof link === 'string' ? `'${link}'` : "{ address: '10.0.0.1' }";
    for (const name of ['addAddress', 'ensureAddress', 'deleteAddress'] as const) {
      expectLinkRefused(() => untypedLinks[name](link, address), ['value', 'link', value, rule]);
    }
  });

  test.each<readonly [unknown, unknown, ...Refused]>([
    // The link may have this name, and this may be a mistyped address.
    ['10.0.0.1', '10.0.0.300', 'value', 'address', "'10.0.0.300'", 'is not an IP address'],
    ['10.0.0.1', 'fd00::g', 'value', 'address', "'fd00::g'", 'is not an IP address'],
    ['10.0.0.1', '10.0.0.1/33', 'value', 'address', "'10.0.0.1/33'", 'has no prefix length'],
    ['vip0', 'vip1', 'value', 'address', "'vip1'", 'is not an IP address'],
    ['a/b', 'vip1', 'value', 'link', "'a/b'", 'is not the name of a link'],
    ['10.0.0.1', undefined, 'type', 'address', 'undefined', 'is not an address such as'],
    [{ index: 3, address: '10.0.0.1' }, 'vip0', 'value', 'address', "'vip0'", 'is not an IP'],
  ])('are not seen in other mistakes: %j, %j', (link, address, ...row) => {
    for (const name of ['addAddress', 'ensureAddress', 'deleteAddress'] as const) {
      expectLinkRefused(() => untypedLinks[name](link, address), row);
    }
  });
});

describe('what is wanted twice', () => {
  const plan = (...wanted: readonly unknown[]) =>
    untypedLinks.planAddresses('vip0', wanted, false, undefined);
  const flags = ['permanent'];

  test.each([
    [['10.0.0.1', '10.0.0.1']],
    [['10.0.0.1/24', '10.0.0.1/32']],
    [['fd00::1/64', { address: 'fd00::1', prefixLength: 64, flags }]],
    [['fd00::1', { address: 'fd00::1', prefixRoute: true }]],
  ])('is accepted: %j', (wanted) => {
    expect(packLinks(plan(...wanted)).count).toBe(1);
  });

  test.each<readonly [readonly unknown[], string, string]>([
    [['10.0.0.9', 'fd00::1/64', 'fd00::1/128'], 'wanted[2]', "'fd00::1/128'"],
    [[{ address: 'fd00::1' }, '10.0.0.9', 'fd00::1/64'], 'wanted[2]', "'fd00::1/64'"],
  ])('with another prefix length is refused: %j', (wanted, property, value) => {
    expectLinkRefused(() => plan(...wanted), ['value', property, value, 'contradicts wanted[']);
  });

  test('with another setting is refused, and the two are named', () => {
    const other = { address: '10.0.0.1', scope: 'link' };
    expectLinkRefused(
      () => plan({ address: '10.0.0.1', scope: 'host' }, '10.0.0.2', other),
      ['value', 'wanted[2]', "{ address: '10.0.0.1', scope: 'link' }", 'contradicts wanted[0]'],
    );
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
  type Row = readonly [readonly unknown[], ...Refused];
  test.each<Row>([
    [['lo', 'x'], 'type', 'wanted', "'x'", 'is not an array of addresses'],
    [['lo', [5]], 'type', 'wanted[0]', '5', 'is not an address such as'],
    [['lo', [], null], 'type', 'options', 'null', 'is not an object'],
    [['lo', [], { prun: true }], 'value', 'options.prun', "'prun'", 'did you mean prune?'],
    [['lo', [], { prune: 1 }], 'type', 'options.prune', '1', 'is not a boolean'],
    [['lo', [], { signal: {} }], 'type', 'options.signal', '{}', 'is not an AbortSignal'],
    [['lo', [], { family: 4 }], 'type', 'options.family', '4', 'is not one of ipv4, ipv6'],
    [['', []], 'value', 'link', "''", NAME],
  ])('reconcileAddresses %j', async (args, kind, property, value, rule) => {
    const subject = args[0] === 'lo' ? 'reconcileAddresses lo' : "reconcileAddresses ''";
    expectInputError(await rejected(...args), { subject, kind, property, value, rule });
  });

  const TYPES = "is not an array of 'link' and 'address'";
  test.each<readonly [unknown, ...Refused]>([
    [null, 'type', 'options', 'null', 'is not an object'],
    [{ type: [] }, 'value', 'options.type', "'type'", 'did you mean types?'],
    [{ types: 'link' }, 'type', 'options.types', "'link'", TYPES],
    [{ types: [] }, 'value', 'options.types', '[]', TYPES],
    [{ types: ['links'] }, 'value', 'options.types', "[ 'links' ]", TYPES],
    [{ types: ['link', 5] }, 'value', 'options.types', "[ 'link', 5 ]", TYPES],
    [{ signal: null }, 'type', 'options.signal', 'null', 'is not an AbortSignal'],
  ])('watch %j', async (options, kind, property, value, rule) => {
    await using links = await Links.open();
    const watch = links.watch.bind(links) as (given: unknown) => unknown;
    let error: unknown;
    try {
      watch(options);
    } catch (thrown) {
      error = thrown;
    }
    expectInputError(error, { subject: 'watch', kind, property, value, rule });
  });
});

describe('options of open()', () => {
  const PID = 'is not an integer from 1 to 2147483647';
  const FD = 'is not an integer from 0 to 2147483647';
  const NETNS = 'is not the path of a network namespace, { pid } or { fd }';
  test.each<readonly [unknown, ...Refused]>([
    [{}, 'type', 'options.netns', '{}', NETNS],
    [null, 'type', 'options.netns', 'null', NETNS],
    [7, 'type', 'options.netns', '7', NETNS],
    ['', 'value', 'options.netns', "''", NETNS],
    [{ pid: 0 }, 'range', 'options.netns.pid', '0', PID],
    [{ pid: '1' }, 'type', 'options.netns.pid', "'1'", PID],
    [{ pid: undefined }, 'type', 'options.netns.pid', 'undefined', PID],
    [{ fd: -1 }, 'range', 'options.netns.fd', '-1', FD],
    [{ fd: 2 ** 31 }, 'range', 'options.netns.fd', '2147483648', FD],
    [{ fd: 1.5 }, 'range', 'options.netns.fd', '1.5', FD],
    [{ fd: null }, 'type', 'options.netns.fd', 'null', FD],
    [{ pid: 1, fd: 3 }, 'value', 'options.netns', '{ pid: 1, fd: 3 }', `${NETNS}, but both`],
    [{ fd: 3, path: '/x' }, 'value', 'options.netns.path', "'path'", 'is not a known property'],
  ])('netns %j', async (netns, kind, property, value, rule) => {
    for (const open of [Ipvs.open, Links.open] as ((options: unknown) => Promise<unknown>)[]) {
      const error: unknown = await open({ netns }).then(
        () => expect.unreachable('a handle was opened'),
        (reason: unknown) => reason,
      );
      expectInputError(error, { subject: 'open', kind, property, value, rule });
    }
  });
});
