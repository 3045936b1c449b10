import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import type { LinkAddress } from '../../lib/links/address.js';
import type { LinkCall } from '../../lib/links/calls.js';
import { AddressPlan } from '../../lib/links/plan.js';
import { linkRequestError } from '../../lib/links/refusals.js';
import type { FailedLinkResult } from '../../lib/links/results.js';
import type { LinkOperationName } from '../../lib/native/addon.js';
import { encodeLinkRequest, encodeLinkRequests, untypedLinks } from './link-requests.js';
import { layout } from './requests.js';

const { records } = encodeLinkRequests(untypedLinks.addAddress(7, '10.0.0.1/24')).firstAddress(0);
const plan = new AddressPlan(7, records, 0, 1);
interface Operation {
  readonly call: LinkCall<unknown>;
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
    call: untypedLinks.planAddresses('ipvs0', ['10.0.0.1'], true, undefined, () => undefined),
    start: 'reconcileAddresses ipvs0',
    command: 'RTM_GETADDR',
  },
};
// The keys of a Record<LinkOperationName, ...>.
const NAMES = Object.keys(OPERATIONS) as LinkOperationName[];
// Each number once: of those with two names, Node.js goes by one.
const NUMBERS = [...new Set(Object.values(constants.errno))];

function explained(
  { call }: Operation,
  verdict: Partial<FailedLinkResult> & Pick<FailedLinkResult, 'status'>,
): IpvsError {
  const whole = { errno: 0, text: '', creating: false, ...verdict };
  return linkRequestError(call.operation, encodeLinkRequests(call), 0, whole);
}

/** Nothing in a message that only a programmer could have left there. */
function expectReadable({ message }: Error): void {
  expect(message).not.toMatch(
    /undefined|null|NaN|\[object|\[Function|Unknown system|''|\s$|\s:(?!:)/,
  );
  expect(message).not.toMatch(/IPVS|modprobe ip_vs|\n/);
}

test('knows every operation', () => {
  expect([...NAMES].sort()).toEqual(Object.keys(layout.linkOperations).sort());
});

describe.each(NAMES)('%s', (name) => {
  const operation = OPERATIONS[name];
  const { start, command } = operation;
  const reads = /^(get|list|plan)/.test(name);

  test('refused with every errno', () => {
    // ENOPROTOOPT speaks of IPVS, and no rtnetlink message is refused with it.
    for (const errno of NUMBERS.filter((each) => each !== constants.errno.ENOPROTOOPT)) {
      const error = explained(operation, { status: 'refused', errno });
      expect(error).toBeInstanceOf(IpvsError);
      expect(error).toMatchObject({ errno: -errno, syscall: command });
      expect(error.message.startsWith(start), error.message).toBe(true);
      expect(error.message).toMatch(new RegExp(`: \\S.{6,} \\(${error.code}\\)$`));
      expectReadable(error);
    }
  });

  test.each(['EBADMSG', 'ENOBUFS', 'ENODATA', 'ETIMEDOUT'] as const)('lost with %s', (code) => {
    const error = explained(operation, { status: 'lost', errno: constants.errno[code] });
    expect(error.code).toBe(reads ? code : 'ERR_IPVS_OUTCOME_UNKNOWN');
    expect(error.message).toContain(reads ? `(${code})` : `lost (${code}): it may have happened`);
    expectReadable(error);
  });

  test.each(['EMSGSIZE', 'ENOBUFS', 'EPERM', 'ETIMEDOUT'] as const)('not sent: %s', (code) => {
    const error = explained(operation, { status: 'notSent', errno: constants.errno[code] });
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(new RegExp(`: it was not sent: .{6,} \\(${code}\\)$`));
    expectReadable(error);
  });

  test("the kernel's own words come last", () => {
    const { EINVAL } = constants.errno;
    for (const status of ['refused', 'lost', 'notSent']) {
      const error = explained(operation, { status, errno: EINVAL, text: 'Invalid prefix' });
      expect(error.message).toMatch(/; the kernel says: Invalid prefix$/);
    }
  });
});

describe('what a person can do about it', () => {
  type Row = readonly [LinkOperationName, keyof typeof constants.errno, RegExp];
  test.each<Row>([
    ['ensureDummy', 'EOPNOTSUPP', /has no dummy links: .*modprobe dummy.* \(ENOTSUP\)$/],
    ['ensureDummy', 'EINVAL', /^ensureDummy ipvs0: invalid argument \(EINVAL\)$/],
    ['setLink', 'EINVAL', /^setLink link 7: invalid argument \(EINVAL\)$/],
    ['addAddress', 'ENOBUFS', /IPv4 needs a link whose MTU is at least 68 bytes/],
    ['addAddress', 'EINVAL', /needs the scope of the other addresses .* same network \(EINVAL\)$/],
    ['replaceAddress', 'EINVAL', /needs the scope of the other addresses .* same network/],
    ['deleteAddress', 'ENXIO', /IPv6 needs an MTU of at least 1280 bytes/],
    ['ensureDummy', 'EEXIST', /another program/],
    ['setLink', 'ENODEV', /there is no such link/],
    ['deleteLink', 'EOPNOTSUPP', /a link of this kind cannot be deleted \(ENOTSUP\)$/],
    ['addAddress', 'EEXIST', /has the address already: use ensureAddress/],
    ['addAddress', 'EACCES', /disable_ipv6/],
    ['ensureAddress', 'EADDRNOTAVAIL', /must be unicast and not ::1/],
    ['deleteAddress', 'EADDRNOTAVAIL', /no such address with this prefix length/],
    ['replaceAddress', 'ENODEV', /there is no such link/],
    ['planAddresses', 'ENODEV', /there is no such link/],
    ['addAddress', 'EPERM', /CAP_NET_ADMIN in the user namespace that owns/],
  ])('%s, %s', (name, code, words) => {
    const errno = constants.errno[code];
    const error = explained(OPERATIONS[name], { status: 'refused', errno });
    expect(error.message).toMatch(words);
  });

  test('an MTU that was given, and IPv6 on a link whose MTU is too small', () => {
    const verdict = { status: 'refused', errno: constants.errno.EINVAL };
    const messageOf = (call: LinkCall<unknown>) =>
      explained({ ...OPERATIONS.setLink, call }, verdict).message;
    const mtu = { mtu: 60 };
    for (const call of [untypedLinks.ensureDummy('v', mtu), untypedLinks.setLink('v', mtu)]) {
      expect(messageOf(call)).toMatch(/does not accept the MTU for this link \(EINVAL\)$/);
    }
    for (const call of [
      untypedLinks.addAddress('v', 'fd00::1'),
      untypedLinks.ensureAddress('v', 'fd00::1'),
    ]) {
      expect(messageOf(call)).toMatch(
        /: the kernel does not accept the address: IPv6 needs a link whose MTU is at least 1280 bytes \(EINVAL\)$/,
      );
    }
  });

  test.each<readonly [object, string]>([
    [{ flags: ['manage-temporary'] }, "1280 bytes, and 'manage-temporary' a prefix length of 64"],
    [{ flags: ['manage-temporary'], prefixLength: 64 }, '1280 bytes'],
    [{ flags: ['no-dad'] }, '1280 bytes'],
    [
      { flags: ['multicast-auto-join'] },
      "1280 bytes, and 'multicast-auto-join' a multicast address",
    ],
  ])('flags are mentioned where they are asked for: %j', (settings, end) => {
    for (const name of ['addAddress', 'ensureAddress'] as const) {
      const call = untypedLinks[name]('v', { address: 'fd00::1', ...settings });
      const verdict = { status: 'refused', errno: constants.errno.EINVAL };
      const { message } = explained({ ...OPERATIONS[name], call }, verdict);
      expect(message.endsWith(`${end} (EINVAL)`), message).toBe(true);
    }
  });

  test('creating', () => {
    const verdict = { status: 'refused', errno: constants.errno.EPERM, creating: true };
    expect(explained(OPERATIONS.ensureDummy, verdict).syscall).toBe('RTM_NEWLINK');
    expect(explained(OPERATIONS.ensureAddress, verdict).syscall).toBe('RTM_NEWADDR');
  });
});

describe('an address that was listed on another link', () => {
  const verdict = { status: 'otherLink', errno: constants.errno.EINVAL };
  const listed = { address: '10.0.0.1', prefixLength: 24, link: 'vip0', index: 7 };
  const advice = 'leave out link and index to use it with another link (EINVAL)';
  const messageOf = (call: LinkCall<unknown>, text = '') =>
    explained({ ...OPERATIONS.addAddress, call }, { ...verdict, text }).message;

  test.each(['addAddress', 'ensureAddress', 'deleteAddress'] as const)('%s', (name) => {
    expect(messageOf(untypedLinks[name]('vip1', listed))).toBe(
      `${name} 10.0.0.1/24 of vip1: the address was listed on vip0 (link 7), not on vip1: ${advice}`,
    );
    expect(messageOf(untypedLinks[name]('vip1', { ...listed, link: undefined }))).toBe(
      `${name} 10.0.0.1/24 of vip1: the address was listed on link 7, not on vip1: ${advice}`,
    );
  });

  test('reconcileAddresses names the place', () => {
    const wanted = ['10.0.0.9', 'fd00::9', { ...listed, link: undefined, index: 8 }, listed];
    const call = untypedLinks.planAddresses('vip1', wanted, false, undefined, () => undefined);
    expect(messageOf(call, '2')).toBe(
      `reconcileAddresses vip1: wanted[2]: the address was listed on link 8, not on vip1: ${advice}`,
    );
    expect(messageOf(call, '3')).toBe(
      `reconcileAddresses vip1: wanted[3]: the address was listed on vip0 (link 7), not on vip1: ${advice}`,
    );
  });

  test('its link is forgotten with the request', () => {
    const requests = encodeLinkRequests(untypedLinks.addAddress('vip1', listed));
    const bare = untypedLinks.addAddress('vip1', { ...listed, link: undefined });
    const message = () =>
      linkRequestError('addAddress', requests, 0, { ...verdict, text: '', creating: false })
        .message;
    expect(message()).toContain('listed on vip0 (link 7)');
    requests.clear();
    encodeLinkRequest(requests, bare);
    expect(message()).toContain('listed on link 7');
    // An address that was refused leaves its place to the next one.
    requests.clear();
    requests.begin('addAddress');
    untypedLinks.addAddress('vip1', listed).write(requests);
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
    const verdict = { status: 'otherSettings', errno: constants.errno.EEXIST };
    return explained(
      { ...OPERATIONS.ensureAddress, call },
      { ...verdict, present: { ...present, ...there } },
    ).message;
  };

  test.each<readonly [object, Partial<LinkAddress>, string]>([
    [{ scope: 'host' }, {}, "scope 'global' instead of 'host'"],
    [{ scope: 'global' }, { scope: 'unknown-77' }, "scope 'unknown-77' instead of 'global'"],
    [{ label: 'vip0:a' }, {}, "label 'vip0' instead of 'vip0:a'"],
    [{ broadcast: '10.0.0.255' }, {}, "broadcast null instead of '10.0.0.255'"],
    [{ broadcast: null }, { broadcast: '10.0.0.255' }, "broadcast '10.0.0.255' instead of null"],
    [{ prefixRoute: false }, {}, 'prefixRoute true instead of false'],
    [{ flags: [] }, { flags: ['no-prefix-route'] }, 'prefixRoute false instead of true'],
    [
      { scope: 'link', label: 'vip0', broadcast: '10.0.0.255', prefixRoute: true },
      {},
      "scope 'global' instead of 'link' and broadcast null instead of '10.0.0.255'",
    ],
    // What was not asked for is no difference.
    [{ scope: 'link' }, { label: 'other' }, "scope 'global' instead of 'link'"],
  ])('%j', (settings, there, what) => {
    expect(messageOf({ ...asked, ...settings }, there)).toBe(
      `ensureAddress 10.0.0.1/24 of vip0: the link has the address with ${what}, ` +
        'and the kernel does not change that: delete the address first (EEXIST)',
    );
  });

  test('::1 of loopback', () => {
    const there = { family: 'ipv6', address: '::1', prefixLength: 128 } as const;
    expect(messageOf({ address: '::1', prefixLength: 64 }, there)).toBe(
      'ensureAddress ::1/64 of vip0: the link has the address with prefix length 128 instead of 64, ' +
        'and the kernel makes no other ::1: ask for ::1/128 (EEXIST)',
    );
  });
});

test('an address of a plan belongs to the link as the caller named it', () => {
  const call = untypedLinks.addPlanned(plan, 0, 'ipvs0');
  const verdict = { status: 'refused', errno: constants.errno.EPERM };
  expect(explained({ ...OPERATIONS.addAddress, call }, verdict)).toMatchObject({
    target: '10.0.0.1/24 of ipvs0',
  });
});

test.each([
  ['veth', 'of kind veth'],
  ['', 'no dummy'],
])('a link of another kind: %j', (text, words) => {
  const verdict = { status: 'otherKind', errno: constants.errno.EEXIST, text };
  const error = explained(OPERATIONS.ensureDummy, verdict);
  expect(error).toMatchObject({ code: 'EEXIST', target: 'ipvs0' });
  expect(error.message).toBe(
    `ensureDummy ipvs0: there is a link of this name, but it is ${words}: it is left as it is (EEXIST)`,
  );
});
