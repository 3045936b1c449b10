import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { IpvsError } from '../../lib/errors.js';
import type { Verdict } from '../../lib/explain.js';
import type { LinkCall } from '../../lib/links/calls.js';
import { explainLink } from '../../lib/links/explain.js';
import type { LinkOperationName } from '../../lib/native.js';
import { packLinks, untypedLinks } from './link-requests.js';
import { layout } from './requests.js';

const planned = packLinks(untypedLinks.addAddress(7, '10.0.0.1/24')).firstAddress(0);
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
    call: untypedLinks.changeAddress('replaceAddress', 7, planned.records, planned.base),
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
  verdict: Partial<Verdict<string>> & Pick<Verdict<string>, 'status'>,
): IpvsError {
  const whole = { errno: 0, text: '', creating: false, ...verdict };
  return explainLink(call.operation, packLinks(call), 0, whole);
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
    ['addAddress', 'EINVAL', /: invalid argument \(EINVAL\)$/],
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
      expect(messageOf(call)).toMatch(/IPv6 needs a link whose MTU is at least 1280 bytes/);
    }
  });

  test('creating', () => {
    const verdict = { status: 'refused', errno: constants.errno.EPERM, creating: true };
    expect(explained(OPERATIONS.ensureDummy, verdict).syscall).toBe('RTM_NEWLINK');
    expect(explained(OPERATIONS.ensureAddress, verdict).syscall).toBe('RTM_NEWADDR');
  });
});

test.each([
  ['addAddress', 'otherLink', '', /: the address was listed on another link \(EINVAL\)$/],
  ['planAddresses', 'otherLink', '17', /: wanted\[17\]: the address was listed on another link/],
  ['ensureAddress', 'otherSettings', '', /with another scope, label, broadcast address or prefix/],
  ['replaceAddress', 'otherSettings', '', /which|the kernel does not change these: delete it/],
] as const)('%s, which the library refuses: %s %s', (name, status, text, words) => {
  const errno = status === 'otherLink' ? constants.errno.EINVAL : constants.errno.EEXIST;
  const error = explained(OPERATIONS[name], { status, errno, text });
  expect(error.message).toMatch(words);
});

test('an address of a plan belongs to the link as the caller named it', () => {
  const { records, base } = planned;
  const call = untypedLinks.changeAddress('addAddress', 7, records, base, 'ipvs0');
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
