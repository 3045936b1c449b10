import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import type { LinkAddress } from '../../lib/links/address.js';
import type { LinkOperation } from '../../lib/links/operations.js';
import { AddressPlan } from '../../lib/links/plan.js';
import { linkRequestError } from '../../lib/links/request-errors.js';
import type { FailedLinkResult } from '../../lib/links/response.js';
import type { LinkOperationName } from '../../lib/native/addon.js';
import { encodeLinkRequest, encodeLinkRequests, untypedLinks } from './helpers/link-requests.js';
import { layout } from './helpers/requests.js';

const { records } = encodeLinkRequests(untypedLinks.addAddress(7, '10.0.0.1/24')).firstAddress(0);
const plan = new AddressPlan({ index: 7, name: 'ipvs0' }, records, 0, 1);
interface Operation {
  readonly call: LinkOperation<unknown>;
  readonly start: string;
  readonly command: string;
}
const OF = '10.0.0.1/24 of ipvs0';
const address = ['ipvs0', '10.0.0.1/24'] as const;
const OPERATIONS: Readonly<Record<LinkOperationName, Operation>> = {
  listLinks: { call: untypedLinks.listLinks(), start: 'listLinks', command: 'RTM_GETLINK' },
  getLink: { call: untypedLinks.getLink('ipvs0'), start: 'getLink ipvs0', command: 'RTM_GETLINK' },
  ensureDummy: {
    call: untypedLinks.ensureDummy('ipvs0'),
    start: 'ensureDummy ipvs0',
    command: 'RTM_SETLINK',
  },
  setLink: {
    call: untypedLinks.setLink(7, { up: true }),
    start: 'setLink link 7',
    command: 'RTM_SETLINK',
  },
  deleteLink: {
    call: untypedLinks.deleteLink({ index: 7 }),
    start: 'deleteLink link 7',
    command: 'RTM_DELLINK',
  },
  listAddresses: {
    call: untypedLinks.listAddresses('ipvs0'),
    start: 'listAddresses ipvs0',
    command: 'RTM_GETADDR',
  },
  addAddress: {
    call: untypedLinks.addAddress(...address),
    start: `addAddress ${OF}`,
    command: 'RTM_NEWADDR',
  },
  ensureAddress: {
    call: untypedLinks.ensureAddress(...address),
    start: `ensureAddress ${OF}`,
    command: 'RTM_NEWADDR',
  },
  deleteAddress: {
    call: untypedLinks.deleteAddress(...address),
    start: `deleteAddress ${OF}`,
    command: 'RTM_DELADDR',
  },
  replaceAddress: {
    call: untypedLinks.replacePlanned(plan, 0),
    start: 'reconcileAddresses 10.0.0.1/24 of link 7',
    command: 'RTM_NEWADDR',
  },
  planAddresses: {
    call: untypedLinks.planAddresses('ipvs0', ['10.0.0.1'], true, undefined),
    start: 'reconcileAddresses ipvs0',
    command: 'RTM_GETADDR',
  },
};
// The keys of a Record<LinkOperationName, ...>.
const NAMES = Object.keys(OPERATIONS) as LinkOperationName[];
// Each number once: of those with two names, Node.js goes by one.
const NUMBERS = [...new Set(Object.values(constants.errno))];

function errorOf(
  { call }: Operation,
  result: Partial<FailedLinkResult> & Pick<FailedLinkResult, 'status'>,
): IpvsError {
  const whole = { errno: 0, text: '', creating: false, ...result };
  return linkRequestError(call, encodeLinkRequests(call), 0, whole);
}

/** Expects that a message has no traces of code, nor of IPVS. */
function expectReadable({ message }: Error): void {
  expect(message).not.toMatch(
    /undefined|null|NaN|\[object|\[Function|Unknown system|''|\s$|\s:(?!:)/,
  );
  expect(message).not.toMatch(/IPVS|modprobe ip_vs|\n/);
}

test('the table has every operation', () => {
  expect([...NAMES].sort()).toEqual(Object.keys(layout.linkOperations).sort());
});

describe.each(NAMES)('%s', (name) => {
  const operation = OPERATIONS[name];
  const { start, command } = operation;
  const reads = /^(get|list|plan)/.test(name);

  test('has a readable error for every errno', () => {
    // Two speak of IPVS, and no rtnetlink message is refused with them.
    const { ENOPROTOOPT, EPROTONOSUPPORT } = constants.errno;
    const others = NUMBERS.filter((each) => each !== ENOPROTOOPT && each !== EPROTONOSUPPORT);
    for (const errno of others) {
      const error = errorOf(operation, { status: 'refused', errno });
      expect(error).toBeInstanceOf(IpvsError);
      expect(error).toMatchObject({ errno: -errno, syscall: command });
      expect(error.message.startsWith(start), error.message).toBe(true);
      expect(error.message).toMatch(new RegExp(`: \\S.{6,} \\(${error.code}\\)$`));
      expectReadable(error);
    }
  });

  test.each(['EBADMSG', 'ENOBUFS', 'ENODATA', 'ETIMEDOUT'] as const)(
    'may be lost with %s',
    (code) => {
      const error = errorOf(operation, { status: 'lost', errno: constants.errno[code] });
      expect(error.code).toBe(reads ? code : 'ERR_IPVS_OUTCOME_UNKNOWN');
      expect(error.message).toContain(
        reads ? `(${code})` : `lost (${code}): it may have taken effect`,
      );
      expectReadable(error);
    },
  );

  test.each(['EMSGSIZE', 'ENOBUFS', 'EPERM', 'ETIMEDOUT'] as const)(
    'says that it was not sent because of %s',
    (code) => {
      const error = errorOf(operation, { status: 'notSent', errno: constants.errno[code] });
      expect(error).toMatchObject({ code });
      expect(error.message).toMatch(new RegExp(`: it was not sent: .{6,} \\(${code}\\)$`));
      expectReadable(error);
    },
  );

  test("has the kernel's own words at the end of the message", () => {
    const { EINVAL } = constants.errno;
    for (const status of ['refused', 'lost', 'notSent']) {
      const error = errorOf(operation, { status, errno: EINVAL, text: 'Invalid prefix' });
      expect(error.message).toMatch(/; the kernel says: Invalid prefix$/);
    }
  });
});

describe('a refusal', () => {
  interface Row {
    readonly operation: LinkOperationName;
    readonly code: keyof typeof constants.errno;
    readonly words: RegExp;
  }
  test.each<Row>([
    {
      operation: 'ensureDummy',
      code: 'EOPNOTSUPP',
      words: /has no dummy links: .*modprobe dummy.* \(ENOTSUP\)$/,
    },
    {
      operation: 'ensureDummy',
      code: 'EINVAL',
      words: /^ensureDummy ipvs0: invalid argument \(EINVAL\)$/,
    },
    {
      operation: 'setLink',
      code: 'EINVAL',
      words: /^setLink link 7: invalid argument \(EINVAL\)$/,
    },
    {
      operation: 'addAddress',
      code: 'ENOBUFS',
      words: /IPv4 needs a link whose MTU is at least 68 bytes/,
    },
    {
      operation: 'addAddress',
      code: 'EINVAL',
      words: /needs the scope of the other addresses .* same network \(EINVAL\)$/,
    },
    {
      operation: 'replaceAddress',
      code: 'EINVAL',
      words: /needs the scope of the other addresses .* same network/,
    },
    {
      operation: 'deleteAddress',
      code: 'ENXIO',
      words: /IPv6 needs an MTU of at least 1280 bytes/,
    },
    { operation: 'ensureDummy', code: 'EEXIST', words: /another program/ },
    { operation: 'setLink', code: 'ENODEV', words: /there is no such link/ },
    {
      operation: 'deleteLink',
      code: 'EOPNOTSUPP',
      words: /a link of this kind cannot be deleted \(ENOTSUP\)$/,
    },
    {
      operation: 'addAddress',
      code: 'EEXIST',
      words: /has the address already: use ensureAddress/,
    },
    { operation: 'addAddress', code: 'EACCES', words: /disable_ipv6/ },
    { operation: 'ensureAddress', code: 'EADDRNOTAVAIL', words: /must be unicast and not ::1/ },
    {
      operation: 'deleteAddress',
      code: 'EADDRNOTAVAIL',
      words: /no such address with this prefix length/,
    },
    { operation: 'replaceAddress', code: 'ENODEV', words: /there is no such link/ },
    { operation: 'planAddresses', code: 'ENODEV', words: /there is no such link/ },
    {
      operation: 'addAddress',
      code: 'EPERM',
      words: /CAP_NET_ADMIN in the user namespace that owns/,
    },
  ])('of $operation with $code says what to do', ({ operation, code, words }) => {
    const errno = constants.errno[code];
    const error = errorOf(OPERATIONS[operation], { status: 'refused', errno });
    expect(error.message).toMatch(words);
  });

  test('with EINVAL names the MTU that was given, or the one that IPv6 needs', () => {
    const result = { status: 'refused', errno: constants.errno.EINVAL };
    const messageOf = (call: LinkOperation<unknown>) =>
      errorOf({ ...OPERATIONS.setLink, call }, result).message;
    const mtu = { mtu: 60 };
    for (const call of [untypedLinks.ensureDummy('v', mtu), untypedLinks.setLink('v', mtu)]) {
      expect(messageOf(call)).toMatch(/does not accept the MTU for this link \(EINVAL\)$/);
    }
    for (const name of ['addAddress', 'ensureAddress'] as const) {
      const end =
        ': the kernel does not accept the address: ' +
        'IPv6 needs a link whose MTU is at least 1280 bytes (EINVAL)';
      const message = messageOf(untypedLinks[name]('v', 'fd00::1'));
      expect(message.endsWith(end), message).toBe(true);
    }
  });

  test.each<{ settings: object; end: string }>([
    {
      settings: { flags: ['manage-temporary'] },
      end: "1280 bytes, and 'manage-temporary' a prefix length of 64",
    },
    { settings: { flags: ['manage-temporary'], prefixLength: 64 }, end: '1280 bytes' },
    { settings: { flags: ['no-dad'] }, end: '1280 bytes' },
    {
      settings: { flags: ['multicast-auto-join'] },
      end: "1280 bytes, and 'multicast-auto-join' a multicast address",
    },
  ])('of an address with $settings says what the flags need', ({ settings, end }) => {
    for (const name of ['addAddress', 'ensureAddress'] as const) {
      const call = untypedLinks[name]('v', { address: 'fd00::1', ...settings });
      const result = { status: 'refused', errno: constants.errno.EINVAL };
      const { message } = errorOf({ ...OPERATIONS[name], call }, result);
      expect(message.endsWith(`${end} (EINVAL)`), message).toBe(true);
    }
  });

  test('of an ensure that creates names the message that creates', () => {
    const result = { status: 'refused', errno: constants.errno.EPERM, creating: true };
    expect(errorOf(OPERATIONS.ensureDummy, result).syscall).toBe('RTM_NEWLINK');
    expect(errorOf(OPERATIONS.ensureAddress, result).syscall).toBe('RTM_NEWADDR');
  });
});

describe('an address that was listed on another link', () => {
  const result = { status: 'otherLink', errno: constants.errno.EINVAL };
  const listed = { address: '10.0.0.1', prefixLength: 24, link: 'vip0', index: 7 };
  const messageOf = (call: LinkOperation<unknown>, text = '') =>
    errorOf({ ...OPERATIONS.addAddress, call }, { ...result, text }).message;
  const listedOn = (link: string) =>
    `the address was listed on ${link}, not on vip1: ` +
    'leave out link and index to use it with another link (EINVAL)';

  test.each(['addAddress', 'ensureAddress', 'deleteAddress'] as const)(
    'is refused by %s, which names both links',
    (name) => {
      expect(messageOf(untypedLinks[name]('vip1', listed))).toBe(
        `${name} 10.0.0.1/24 of vip1: ${listedOn('vip0 (link 7)')}`,
      );
      expect(messageOf(untypedLinks[name]('vip1', { ...listed, link: undefined }))).toBe(
        `${name} 10.0.0.1/24 of vip1: ${listedOn('link 7')}`,
      );
    },
  );

  test('is refused by reconcileAddresses, which names its place', () => {
    const wanted = ['10.0.0.9', 'fd00::9', { ...listed, link: undefined, index: 8 }, listed];
    const call = untypedLinks.planAddresses('vip1', wanted, false, undefined);
    expect(messageOf(call, '2')).toBe(`reconcileAddresses vip1: wanted[2]: ${listedOn('link 8')}`);
    expect(messageOf(call, '3')).toBe(
      `reconcileAddresses vip1: wanted[3]: ${listedOn('vip0 (link 7)')}`,
    );
  });

  test('is forgotten with its request', () => {
    const requests = encodeLinkRequests(untypedLinks.addAddress('vip1', listed));
    const bare = untypedLinks.addAddress('vip1', { ...listed, link: undefined });
    const message = () =>
      linkRequestError({ name: 'addAddress', request: 'addAddress' }, requests, 0, {
        ...result,
        text: '',
        creating: false,
      }).message;
    expect(message()).toContain('listed on vip0 (link 7)');
    requests.clear();
    encodeLinkRequest(requests, bare);
    expect(message()).toContain('listed on link 7');
    // The next address takes the place of one whose request was refused.
    requests.clear();
    requests.begin('addAddress');
    untypedLinks.addAddress('vip1', listed).encode(requests);
    encodeLinkRequest(requests, bare);
    expect(message()).toContain('listed on link 7');
  });
});

describe('an address that the link has with settings that the kernel does not change', () => {
  const asked = { address: '10.0.0.1', prefixLength: 24 };
  const present: LinkAddress = {
    link: '',
    index: 0,
    family: 'ipv4',
    address: '10.0.0.1',
    prefixLength: 24,
    peer: null,
    broadcast: null,
    scope: 'global',
    flags: ['permanent'],
    label: 'vip0',
    preferredLifetime: null,
    validLifetime: null,
  };
  const messageOf = (config: object, there: Partial<LinkAddress> = {}) => {
    const call = untypedLinks.ensureAddress('vip0', config);
    const result = { status: 'otherSettings', errno: constants.errno.EEXIST };
    return errorOf(
      { ...OPERATIONS.ensureAddress, call },
      { ...result, present: { ...present, ...there } },
    ).message;
  };

  test.each<{ settings: object; there: Partial<LinkAddress>; what: string }>([
    { settings: { scope: 'host' }, there: {}, what: "scope 'global' instead of 'host'" },
    {
      settings: { scope: 'global' },
      there: { scope: 'unknown-77' },
      what: "scope 'unknown-77' instead of 'global'",
    },
    { settings: { label: 'vip0:a' }, there: {}, what: "label 'vip0' instead of 'vip0:a'" },
    {
      settings: { broadcast: '10.0.0.255' },
      there: {},
      what: "broadcast null instead of '10.0.0.255'",
    },
    {
      settings: { broadcast: null },
      there: { broadcast: '10.0.0.255' },
      what: "broadcast '10.0.0.255' instead of null",
    },
    {
      settings: { peer: '10.0.0.2' },
      there: { peer: '10.0.0.3' },
      what: "peer '10.0.0.3' instead of '10.0.0.2'",
    },
    { settings: { prefixRoute: false }, there: {}, what: 'prefixRoute true instead of false' },
    {
      settings: { flags: [] },
      there: { flags: ['no-prefix-route'] },
      what: 'prefixRoute false instead of true',
    },
    {
      settings: { scope: 'link', label: 'vip0', broadcast: '10.0.0.255', prefixRoute: true },
      there: {},
      what: "scope 'global' instead of 'link' and broadcast null instead of '10.0.0.255'",
    },
    // A setting that was not given is no difference.
    {
      settings: { scope: 'link' },
      there: { label: 'other' },
      what: "scope 'global' instead of 'link'",
    },
  ])('is refused with the difference: $what', ({ settings, there, what }) => {
    expect(messageOf({ ...asked, ...settings }, there)).toBe(
      `ensureAddress 10.0.0.1/24 of vip0: the link has the address with ${what}, ` +
        'and the kernel does not change that: delete the address first (EEXIST)',
    );
  });

  test('is refused with its prefix length if it is ::1 of loopback', () => {
    const there = { family: 'ipv6', address: '::1', prefixLength: 128 } as const;
    expect(messageOf({ address: '::1', prefixLength: 64 }, there)).toBe(
      'ensureAddress ::1/64 of vip0: ' +
        'the link has the address with prefix length 128 instead of 64, ' +
        'and the kernel makes no other ::1: ask for ::1/128 (EEXIST)',
    );
  });
});

test('the error for a planned change names the link as the caller did', () => {
  const call = untypedLinks.addPlanned(plan, 0, 'ipvs0');
  const result = { status: 'refused', errno: constants.errno.EPERM };
  expect(errorOf({ ...OPERATIONS.addAddress, call }, result)).toMatchObject({
    target: '10.0.0.1/24 of ipvs0',
  });
});

test.each([
  { text: 'veth', words: 'of kind veth' },
  { text: '', words: 'no dummy' },
])('ensureDummy refuses a link that is $words', ({ text, words }) => {
  const result = { status: 'otherKind', errno: constants.errno.EEXIST, text };
  const error = errorOf(OPERATIONS.ensureDummy, result);
  expect(error).toMatchObject({ code: 'EEXIST', target: 'ipvs0' });
  expect(error.message).toBe(
    'ensureDummy ipvs0: there is a link of this name, ' +
      `but it is ${words}: it is left as it is (EEXIST)`,
  );
});
