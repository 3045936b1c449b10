import { afterEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import { requestError } from '../../lib/ipvs/refusals.js';
import { IpvsResponse } from '../../lib/ipvs/response.js';
import type { OperationName, StatusName } from '../../lib/native/addon.js';
import type { FailedResult } from '../../lib/native/refusal.js';
import { nativeResults } from './answers.js';
import { host, usualHost } from './host-modules.js';
import { expectReadable, numberOf } from './readable-errors.js';
import type { Call } from './requests.js';
import { expectInputError, layout, pack, untyped } from './requests.js';

vi.mock('../../lib/native/kernel-modules.js', { spy: true });
usualHost();
afterEach(usualHost);

type Failed = FailedResult<StatusName>;

const SERVICE = 'tcp://10.96.0.1:443';
const DESTINATION = '10.0.0.1:443';
const config = { protocol: 'tcp', address: '10.96.0.1', port: 443 };

interface Operation {
  readonly call: Call<unknown>;
  readonly target: string;
  readonly command: string;
}

const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  addService: {
    call: untyped.addService(config),
    target: SERVICE,
    command: 'IPVS_CMD_NEW_SERVICE',
  },
  updateService: {
    call: untyped.updateService(SERVICE, { scheduler: 'rr' }),
    target: SERVICE,
    command: 'IPVS_CMD_SET_SERVICE',
  },
  ensureService: {
    call: untyped.ensureService(config),
    target: SERVICE,
    command: 'IPVS_CMD_SET_SERVICE',
  },
  deleteService: {
    call: untyped.deleteService(SERVICE),
    target: SERVICE,
    command: 'IPVS_CMD_DEL_SERVICE',
  },
  getService: {
    call: untyped.getService(SERVICE),
    target: SERVICE,
    command: 'IPVS_CMD_GET_SERVICE',
  },
  listServices: { call: untyped.listServices(), target: '', command: 'IPVS_CMD_GET_SERVICE' },
  addDestination: {
    call: untyped.addDestination(SERVICE, { address: '10.0.0.1' }),
    target: `${DESTINATION} of ${SERVICE}`,
    command: 'IPVS_CMD_NEW_DEST',
  },
  updateDestination: {
    call: untyped.updateDestination(SERVICE, DESTINATION, { weight: 2 }),
    target: `${DESTINATION} of ${SERVICE}`,
    command: 'IPVS_CMD_SET_DEST',
  },
  ensureDestination: {
    call: untyped.ensureDestination(SERVICE, { address: '10.0.0.1' }),
    target: `${DESTINATION} of ${SERVICE}`,
    command: 'IPVS_CMD_SET_DEST',
  },
  deleteDestination: {
    call: untyped.deleteDestination(SERVICE, '10.0.0.1'),
    target: `${DESTINATION} of ${SERVICE}`,
    command: 'IPVS_CMD_DEL_DEST',
  },
  getDestination: {
    call: untyped.getDestination(SERVICE, '10.0.0.1'),
    target: `${DESTINATION} of ${SERVICE}`,
    command: 'IPVS_CMD_GET_DEST',
  },
  listDestinations: {
    call: untyped.listDestinations(SERVICE),
    target: SERVICE,
    command: 'IPVS_CMD_GET_DEST',
  },
  flush: { call: untyped.flush(), target: '', command: 'IPVS_CMD_FLUSH' },
  getInfo: { call: untyped.getInfo(), target: '', command: 'IPVS_CMD_GET_INFO' },
  getTimeouts: { call: untyped.getTimeouts(), target: '', command: 'IPVS_CMD_GET_CONFIG' },
  setTimeouts: {
    call: untyped.setTimeouts({ tcp: 5 }),
    target: '',
    command: 'IPVS_CMD_SET_CONFIG',
  },
  zero: { call: untyped.zero(SERVICE), target: SERVICE, command: 'IPVS_CMD_ZERO' },
  listSyncDaemons: { call: untyped.listSyncDaemons(), target: '', command: 'IPVS_CMD_GET_DAEMON' },
  startSyncDaemon: {
    call: untyped.startSyncDaemon({ role: 'master', interface: 'eth0' }),
    target: 'master daemon',
    command: 'IPVS_CMD_NEW_DAEMON',
  },
  stopSyncDaemon: {
    call: untyped.stopSyncDaemon('backup'),
    target: 'backup daemon',
    command: 'IPVS_CMD_DEL_DAEMON',
  },
};
// The keys of a Record<OperationName, ...>.
const NAMES = Object.keys(OPERATIONS) as OperationName[];

const ERRNOS = [
  'EACCES',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EAGAIN',
  'EBADF',
  'EBADMSG',
  'EBUSY',
  'EEXIST',
  'EINTR',
  'EINVAL',
  'EMSGSIZE',
  'ENETUNREACH',
  'ENOBUFS',
  'ENODATA',
  'ENODEV',
  'ENOENT',
  'ENOMEM',
  'ENOPROTOOPT',
  'ENOSPC',
  'ENOSYS',
  'EPERM',
  'EPROTO',
  'ERANGE',
  'ESRCH',
  'ETIMEDOUT',
] as const;

/** An operation, as far as its errors need it. */
const named = (name: string) => ({ name, request: name });

function explained(call: Call<unknown>, verdict: Partial<Failed> & Pick<Failed, 'status'>): Error {
  return requestError(call, pack(call), 0, {
    errno: 0,
    text: '',
    creating: false,
    ...verdict,
  });
}

test('knows every operation', () => {
  expect([...NAMES].sort()).toEqual(Object.keys(layout.operations).sort());
});

describe.each(NAMES)('%s', (operation) => {
  const { call, target, command } = OPERATIONS[operation];
  const start = [operation, target].join(' ').trim();

  test.each(ERRNOS)('refused with %s', (code) => {
    const error = explained(call, { status: 'refused', errno: numberOf(code) });
    expect(error).toBeInstanceOf(IpvsError);
    expect(error).toMatchObject({
      code,
      errno: -numberOf(code),
      syscall: command,
      operation,
      target,
    });
    expect(error.message).toMatch(new RegExp(`: \\S.{10,} \\(${code}\\)$`));
    expect(error.message.slice(0, start.length + 2)).toBe(`${start}: `);
    expectReadable(error);
  });

  test.each(['EBADMSG', 'ENOBUFS', 'ENODATA', 'ETIMEDOUT'] as const)('lost with %s', (code) => {
    const error = explained(call, { status: 'lost', errno: numberOf(code) });
    // Reading has no outcome that could be unknown.
    const reads = /^(get|list)/.test(operation);
    expect(error).toMatchObject({
      code: reads ? code : 'ERR_IPVS_OUTCOME_UNKNOWN',
      errno: -numberOf(code),
      operation,
      target,
    });
    expect(error.message).toContain(`${start}: `);
    expect(error.message).toContain(
      reads ? `(${code})` : `lost (${code}): it may have taken effect`,
    );
    expectReadable(error);
  });

  test.each(['EMSGSIZE', 'ENOBUFS', 'ENOMEM', 'EPERM', 'ETIMEDOUT'] as const)(
    'not sent with %s',
    (code) => {
      const error = explained(call, { status: 'notSent', errno: numberOf(code) });
      expect(error).toMatchObject({ code, operation, target });
      expect(error.message).toMatch(new RegExp(`: it was not sent: .{10,} \\(${code}\\)$`));
      expectReadable(error);
    },
  );

  test('unavailable', () => {
    const error = explained(call, { status: 'unavailable', errno: numberOf('ENOENT') });
    expect(error).toMatchObject({ code: 'ERR_IPVS_UNAVAILABLE', operation, target });
    expect(error.message).toMatch(/modprobe ip_vs/);
    expectReadable(error);
  });

  test("the kernel's own words come last", () => {
    for (const status of ['refused', 'lost', 'notSent'] as const) {
      const error = explained(call, { status, errno: numberOf('EINVAL'), text: 'Missing NET_X' });
      expect(error.message).toMatch(/; the kernel says: Missing NET_X$/);
    }
  });
});

describe('what a person can do about it', () => {
  type Row = readonly [OperationName, (typeof ERRNOS)[number], RegExp];
  test.each<Row>([
    ['addService', 'EEXIST', /exists already: use updateService or ensureService/],
    ['updateService', 'ESRCH', /no such service: use addService or ensureService/],
    ['ensureService', 'ESRCH', /another program/],
    ['deleteService', 'ESRCH', /there is no such service \(/],
    ['addDestination', 'EEXIST', /exists already: use updateDestination or ensureDestination/],
    ['addDestination', 'ESRCH', /no such service: add it first/],
    ['addDestination', 'EINVAL', /ip link set lo up/],
    ['addDestination', 'ERANGE', /weight|threshold/],
    ['updateDestination', 'ENOENT', /no such destination: use addDestination or ensureDestination/],
    ['ensureDestination', 'ENOENT', /another program/],
    ['deleteDestination', 'ENOENT', /the service has no such destination/],
    ['deleteDestination', 'ESRCH', /there is no such service/],
    ['listDestinations', 'ESRCH', /there is no such service/],
    ['listServices', 'EINTR', /changed/],
    ['flush', 'EPERM', /CAP_NET_ADMIN in the initial user namespace/],
    ['getInfo', 'EBADMSG', /malformed/],
    ['addService', 'EAFNOSUPPORT', /ipv6/],
    ['setTimeouts', 'EINVAL', /2147483 seconds/],
    ['zero', 'ESRCH', /there is no such service/],
    ['startSyncDaemon', 'EEXIST', /running already: stop it first/],
    ['startSyncDaemon', 'ENODEV', /there is no link eth0 in/],
    ['stopSyncDaemon', 'ESRCH', /no daemon of that role is running/],
  ])('%s, %s', (operation, code, words) => {
    const error = explained(OPERATIONS[operation].call, {
      status: 'refused',
      errno: numberOf(code),
    });
    expect(error.message).toMatch(words);
  });

  type ModuleRow = readonly [string, Call<unknown>, RegExp];
  test.each<ModuleRow>([
    [
      'the scheduler',
      untyped.addService({ ...config, scheduler: 'mh' }),
      /: scheduler 'mh' is not available: the kernel has no module ip_vs_mh \(ENOENT\)$/,
    ],
    [
      'the default scheduler',
      untyped.ensureService(config),
      /: scheduler 'wlc' is not available: the kernel has no module ip_vs_wlc/,
    ],
    [
      'the engine',
      untyped.updateService('fwmark://7', { persistence: { engine: 'sip' } }),
      /: persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    ],
    [
      'the engine, and no scheduler that nobody named',
      untyped.addService({ fwmark: 7, persistence: { engine: 'sip' } }),
      /: persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    ],
    [
      'the engine of an ensure',
      untyped.ensureService({ fwmark: 7, persistence: { engine: 'sip' } }),
      /^\S+ \S+: persistence engine 'sip'/,
    ],
    [
      'either',
      untyped.addService({ fwmark: 7, scheduler: 'mh', persistence: { engine: 'sip' } }),
      /'mh' \(module ip_vs_mh\) or persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    ],
    [
      'neither',
      untyped.updateService(SERVICE, { onePacket: false }),
      /its scheduler or persistence engine is not available/,
    ],
  ])('a module that is missing: %s', (_, call, words) => {
    const error = explained(call, { status: 'refused', errno: numberOf('ENOENT') });
    expect(error.message).toMatch(words);
    expectReadable(error);
  });
});

describe('a module that is missing because of how the kernel loads modules', () => {
  const both = { fwmark: 7, scheduler: 'mh', persistence: { engine: 'sip' } };
  const refuse = (call: Call<unknown>) =>
    explained(call, { status: 'refused', errno: numberOf('ENOENT') }).message;

  test('is said to be on disk and not loaded', () => {
    host({ onDisk: true, loader: '' });
    expect(refuse(untyped.addService({ ...config, scheduler: 'mh' }))).toBe(
      "addService tcp://10.96.0.1:443: scheduler 'mh' is not available: module ip_vs_mh is not loaded, and the kernel loads no modules on " +
        'demand (kernel.modprobe is empty): load it with modprobe ip_vs_mh (ENOENT)',
    );
    const engine = { persistence: { engine: 'sip' } };
    for (const message of [
      refuse(untyped.updateService('fwmark://7', engine)),
      refuse(untyped.ensureService(both)),
    ]) {
      expect(message).toMatch(/engine 'sip' \(module ip_vs_pe_sip\).*kernel\.modprobe is empty/);
    }
  });

  test('is said to be on disk where the kernel has tried to load it', () => {
    host({ onDisk: true, loader: '/bin/false' });
    expect(refuse(untyped.addService(both))).toMatch(
      /\(module ip_vs_mh\) or .* the kernel: module ip_vs_mh is on disk.* by \/bin\/false .*; module ip_vs_pe_sip is on disk/,
    );
    host({ onDisk: false });
    expect(refuse(untyped.addService(both))).toMatch(/is not available in the kernel \(ENOENT\)$/);
  });

  test('is the one of two that is not loaded', () => {
    host({ onDisk: true, loader: '', loaded: ['ip_vs_mh'] });
    expect(refuse(untyped.addService(both))).toMatch(
      /: persistence engine 'sip' \(module ip_vs_pe_sip\) is not available: module ip_vs_pe_sip is not loaded/,
    );
    host({ loaded: ['ip_vs_pe_sip'] });
    expect(refuse(untyped.addService({ fwmark: 7, persistence: { engine: 'sip' } }))).toMatch(
      /: scheduler 'wlc' is not available: the kernel has no module ip_vs_wlc/,
    );
    expect(refuse(untyped.addService(both))).toMatch(
      /: scheduler 'mh' is not available: the kernel has no module ip_vs_mh/,
    );
  });

  test('is not the one that is loaded, and brings no scheduler', () => {
    host({ loaded: ['ip_vs_ftp'] });
    expect(refuse(untyped.addService({ ...config, scheduler: 'ftp' }))).toMatch(
      /: scheduler 'ftp' is not available: module ip_vs_ftp is loaded, but provides nothing of that name/,
    );
  });

  test.each([
    [{ loader: '' }, /module ip_vs is not loaded, and .*kernel.modprobe is empty.*modprobe ip_vs/],
    [{ forbidden: true }, /module ip_vs is not loaded, and kernel.modules_disabled forbids/],
    [{}, /the kernel has no IPVS: .*modprobe ip_vs.*CONFIG_IP_VS$/],
    [{ onDisk: true }, /module ip_vs is on disk, but the kernel could not load it: see what modp/],
    [
      { onDisk: true, loader: '/bin/false' },
      /could not load it by \/bin\/false \(kernel.modprobe\): load it with modprobe ip_vs$/,
    ],
    [{ onDisk: true, loader: '' }, /module ip_vs is not loaded, and .*kernel.modprobe is empty/],
    // It is being unloaded.
    [{ onDisk: true, loaded: ['ip_vs'] }, /the kernel has no IPVS/],
    [{ loader: '', loaded: ['ip_vs'] }, /the kernel has no IPVS/],
  ])('may be that of IPVS: %j', (facts, words) => {
    host(facts);
    const unavailable = { code: 'ERR_IPVS_UNAVAILABLE', message: expect.stringMatching(words) };
    const gone = explained(untyped.flush(), { status: 'unavailable', errno: numberOf('ENOENT') });
    expect(gone).toMatchObject(unavailable);
  });
});

describe('the target', () => {
  test.each([
    [untyped.getService('fwmark6://7'), 'fwmark6://7'],
    [untyped.getService('fwmark://4294967295'), 'fwmark://4294967295'],
    [untyped.getService('udp://[FD00:0::1]:53'), 'udp://[fd00::1]:53'],
    [untyped.getService('unknown-50://10.0.0.1:1'), 'unknown-50://10.0.0.1:1'],
    [untyped.zero('sctp://10.0.0.1:0'), 'sctp://10.0.0.1:0'],
    [untyped.deleteDestination('fwmark://7', 'fd00::2'), '[fd00::2]:0 of fwmark://7'],
  ])('is a name that can be passed back in', (call, target) => {
    expect(explained(call, { status: 'refused', errno: numberOf('EPERM') })).toMatchObject({
      target,
    });
  });

  test('is that of the request at its place in the batch', () => {
    const calls = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) =>
      untyped.addDestination(SERVICE, { address }),
    );
    const requests = pack(...calls);
    const verdict = {
      status: 'refused',
      errno: numberOf('EEXIST'),
      text: '',
      creating: false,
    } as const;
    const targets = [2, 0, 1].map((index) =>
      requestError(named('addDestination'), requests, index, verdict),
    );
    expect(targets).toMatchObject([
      { target: `10.0.0.3:443 of ${SERVICE}` },
      { target: `10.0.0.1:443 of ${SERVICE}` },
      { target: `10.0.0.2:443 of ${SERVICE}` },
    ]);
  });
});

describe('refusals of an update that depend on what the kernel has', () => {
  test('flags of another scheduler', () => {
    const call = untyped.updateService(SERVICE, { schedulerFlags: ['mh-port'] });
    const error = explained(call, { status: 'foreignFlags', errno: numberOf('EINVAL') });
    const rule = 'belongs to scheduler mh, which the service does not have';
    expectInputError(error, {
      subject: `updateService ${SERVICE}`,
      kind: 'value',
      property: 'changes.schedulerFlags',
      value: "'mh-port'",
      rule,
    });
    expectReadable(error);
  });

  test('a tunnel for a destination that is not forwarded by tunnel', () => {
    const call = untyped.updateDestination(SERVICE, DESTINATION, { tunnel: { type: 'gre' } });
    const error = explained(call, { status: 'tunnelless', errno: numberOf('EINVAL') });
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(error.message).toMatch(
      /^updateDestination \S+ of \S+: changes\.tunnel: .*forwarding.*'tunnel'/,
    );
    expectReadable(error);
  });

  test.each([
    ['lowerThreshold', { lowerThreshold: 77 }],
    ['upperThreshold', { upperThreshold: 77 }],
  ])('a threshold on the wrong side of the other one: %s', (property, changes) => {
    const call = untyped.updateDestination(SERVICE, DESTINATION, changes);
    const error = explained(call, { status: 'thresholds', errno: numberOf('EINVAL') });
    expect(error).toMatchObject({
      code: expect.stringMatching(/^ERR_(OUT_OF_RANGE|INVALID_ARG_VALUE)$/),
    });
    expect(error.message).toMatch(
      new RegExp(`^updateDestination \\S+ of \\S+: changes\\.${property}: 77 .*threshold`),
    );
    expectReadable(error);
  });
});

test.each([
  [
    'tcp://10.96.0.1:80',
    { address: '127.255.255.255' },
    /must be unicast; .*ip link set lo up\)/,
    /IPv6|link-local|sync/,
  ],
  [
    'tcp://[fd00::1]:80',
    { address: 'fe80::1' },
    /must be unicast and not link-local/,
    /lo up|sync/,
  ],
  [
    'tcp://[fd00::1]:80',
    { address: '10.0.0.1', forwarding: 'tunnel' },
    /must be unicast; .*lo up\); and a destination of another address family excludes sync/,
    /link-local/,
  ],
])(
  'a destination of %s that is refused is told what applies: %j',
  (service, config, words, others) => {
    for (const make of [untyped.addDestination, untyped.ensureDestination]) {
      const error = explained(make(service, config), {
        status: 'refused',
        errno: numberOf('EINVAL'),
      });
      expect(error.message).toMatch(words);
      expect(error.message).not.toMatch(others);
    }
  },
);

test('a lower threshold alone is told that an upper one is lower, or not set', () => {
  const call = untyped.updateDestination(SERVICE, DESTINATION, { lowerThreshold: 5 });
  const error = explained(call, { status: 'thresholds', errno: numberOf('EINVAL') });
  expect(error.message).toContain('or none is set: set upperThreshold with it');
});

test.each(['ENODEV', 'ENETUNREACH', 'EADDRNOTAVAIL'] as const)(
  '%s of a daemon names its link',
  (code) => {
    const call = untyped.startSyncDaemon({ role: 'master', interface: 'eth99' });
    const error = explained(call, { status: 'refused', errno: numberOf(code) });
    expect(error.message).toContain('link eth99');
  },
);

test('an answer that is none is an outcome that nobody knows', () => {
  // Status::kPending, 0: what the native side has said nothing of.
  const native = nativeResults({ outcomes: [{}] });
  new Uint8Array(native.results ?? expect.unreachable('no outcome')).fill(0);
  const verdict = new IpvsResponse(native).result(0);
  const error = requestError(named('flush'), pack(untyped.flush()), 0, verdict);
  expect(error).toMatchObject({
    name: 'IpvsError',
    code: 'ERR_IPVS_OUTCOME_UNKNOWN',
    operation: 'flush',
  });
  expectReadable(error);
});

test('an errno without a name', () => {
  const error = explained(untyped.flush(), { status: 'refused', errno: 524 });
  expect(error).toMatchObject({ errno: -524, code: expect.stringMatching(/^\w+$/) });
  expectReadable(error);
});

describe('an ensure', () => {
  test.each([
    ['ensureService', 'IPVS_CMD_SET_SERVICE', 'IPVS_CMD_NEW_SERVICE'],
    ['ensureDestination', 'IPVS_CMD_SET_DEST', 'IPVS_CMD_NEW_DEST'],
  ] as const)('%s names the command that failed', (operation, change, creation) => {
    const requests = pack(OPERATIONS[operation].call);
    const syscallOf = (creating: boolean) => {
      const verdict: Failed = { status: 'refused', errno: 12, text: '', creating };
      return requestError(named(operation), requests, 0, verdict);
    };
    expect(syscallOf(false)).toMatchObject({ syscall: change, code: 'ENOMEM', errno: -12 });
    expect(syscallOf(true)).toMatchObject({ syscall: creation, code: 'ENOMEM', errno: -12 });
  });
});
