import { afterEach, describe, expect, test, vi } from 'vitest';
import { IpvsError } from '../../lib/core/errors.js';
import { requestError } from '../../lib/ipvs/request-errors.js';
import { IpvsResponse } from '../../lib/ipvs/response.js';
import type { OperationName, StatusName } from '../../lib/native/addon.js';
import type { FailedResult } from '../../lib/native/request-error.js';
import { host, usualHost } from './helpers/host-modules.js';
import { expectReadable, numberOf } from './helpers/readable-errors.js';
import type { Call } from './helpers/requests.js';
import { expectInputError, METHOD_OPERATIONS, pack, untyped } from './helpers/requests.js';
import { nativeResponse } from './helpers/responses.js';

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

/** The operations that methods request. */
type MethodOperation = Exclude<OperationName, 'setService' | 'setDestination'>;

const OPERATIONS: Readonly<Record<MethodOperation, Operation>> = {
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
// The keys of a Record<MethodOperation, ...>.
const NAMES = Object.keys(OPERATIONS) as MethodOperation[];

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
  'EPROTONOSUPPORT',
  'ERANGE',
  'ESRCH',
  'ETIMEDOUT',
] as const;

/** An operation, as far as its errors need it. */
const named = (name: OperationName) => ({ name, request: name });

function errorOf(call: Call<unknown>, result: Partial<Failed> & Pick<Failed, 'status'>): Error {
  return requestError(call, pack(call), 0, {
    errno: 0,
    text: '',
    creating: false,
    ...result,
  });
}

test('the operations of this file are those of the layout', () => {
  expect([...NAMES].sort()).toEqual([...METHOD_OPERATIONS].sort());
});

describe.each(NAMES)('%s', (operation) => {
  const { call, target, command } = OPERATIONS[operation];
  const start = [operation, target].join(' ').trim();

  test.each(ERRNOS)('is refused with %s', (code) => {
    const error = errorOf(call, { status: 'refused', errno: numberOf(code) });
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

  test.each(['EBADMSG', 'ENOBUFS', 'ENODATA', 'ETIMEDOUT'] as const)(
    'may have happened if the response is lost with %s, unless it is a query',
    (code) => {
      const error = errorOf(call, { status: 'lost', errno: numberOf(code) });
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
    },
  );

  test.each(['EMSGSIZE', 'ENOBUFS', 'ENOMEM', 'EPERM', 'ETIMEDOUT'] as const)(
    'was not sent if the status is notSent with %s',
    (code) => {
      const error = errorOf(call, { status: 'notSent', errno: numberOf(code) });
      expect(error).toMatchObject({ code, operation, target });
      expect(error.message).toMatch(new RegExp(`: it was not sent: .{10,} \\(${code}\\)$`));
      expectReadable(error);
    },
  );

  test('says how to load IPVS if the kernel has none', () => {
    const error = errorOf(call, { status: 'unavailable', errno: numberOf('ENOENT') });
    expect(error).toMatchObject({ code: 'ERR_IPVS_UNAVAILABLE', operation, target });
    expect(error.message).toMatch(/modprobe ip_vs/);
    expectReadable(error);
  });

  test('ends with the text of the kernel', () => {
    for (const status of ['refused', 'lost', 'notSent'] as const) {
      const error = errorOf(call, { status, errno: numberOf('EINVAL'), text: 'Missing NET_X' });
      expect(error.message).toMatch(/; the kernel says: Missing NET_X$/);
    }
  });
});

describe('the error of a refusal', () => {
  interface Row {
    readonly operation: MethodOperation;
    readonly errno: (typeof ERRNOS)[number];
    readonly words: RegExp;
  }
  test.each<Row>([
    {
      operation: 'addService',
      errno: 'EEXIST',
      words: /exists already: use updateService or ensureService/,
    },
    {
      operation: 'updateService',
      errno: 'ESRCH',
      words: /no such service: use addService or ensureService/,
    },
    { operation: 'ensureService', errno: 'ESRCH', words: /another program/ },
    { operation: 'deleteService', errno: 'ESRCH', words: /there is no such service \(/ },
    {
      operation: 'addDestination',
      errno: 'EEXIST',
      words: /exists already: use updateDestination or ensureDestination/,
    },
    { operation: 'addDestination', errno: 'ESRCH', words: /no such service: add it first/ },
    { operation: 'addDestination', errno: 'EINVAL', words: /ip link set lo up/ },
    { operation: 'addDestination', errno: 'ERANGE', words: /weight|threshold/ },
    {
      operation: 'updateDestination',
      errno: 'ENOENT',
      words: /no such destination: use addDestination or ensureDestination/,
    },
    { operation: 'ensureDestination', errno: 'ENOENT', words: /another program/ },
    {
      operation: 'deleteDestination',
      errno: 'ENOENT',
      words: /the service has no such destination/,
    },
    { operation: 'deleteDestination', errno: 'ESRCH', words: /there is no such service/ },
    { operation: 'listDestinations', errno: 'ESRCH', words: /there is no such service/ },
    { operation: 'listServices', errno: 'EINTR', words: /changed/ },
    { operation: 'listServices', errno: 'EPROTONOSUPPORT', words: /unloading IPVS/ },
    { operation: 'listServices', errno: 'ENOPROTOOPT', words: /unloading IPVS/ },
    { operation: 'flush', errno: 'EPERM', words: /CAP_NET_ADMIN in the initial user namespace/ },
    { operation: 'getInfo', errno: 'EBADMSG', words: /malformed/ },
    { operation: 'addService', errno: 'EAFNOSUPPORT', words: /ipv6/ },
    { operation: 'setTimeouts', errno: 'EINVAL', words: /8589934 seconds/ },
    { operation: 'zero', errno: 'ESRCH', words: /there is no such service/ },
    { operation: 'startSyncDaemon', errno: 'EEXIST', words: /running already: stop it first/ },
    { operation: 'startSyncDaemon', errno: 'ENODEV', words: /there is no link eth0 in/ },
    { operation: 'stopSyncDaemon', errno: 'ESRCH', words: /no daemon of that role is running/ },
  ])('says what to do about $errno of $operation', ({ operation, errno, words }) => {
    const error = errorOf(OPERATIONS[operation].call, {
      status: 'refused',
      errno: numberOf(errno),
    });
    expect(error.message).toMatch(words);
  });

  interface ModuleRow {
    readonly title: string;
    readonly call: Call<unknown>;
    readonly words: RegExp;
  }
  test.each<ModuleRow>([
    {
      title: 'the scheduler',
      call: untyped.addService({ ...config, scheduler: 'mh' }),
      words: /: scheduler 'mh' is not available: the kernel has no module ip_vs_mh \(ENOENT\)$/,
    },
    {
      title: 'the default scheduler',
      call: untyped.ensureService(config),
      words: /: scheduler 'wlc' is not available: the kernel has no module ip_vs_wlc/,
    },
    {
      title: 'the engine',
      call: untyped.updateService('fwmark://7', { persistence: { engine: 'sip' } }),
      words: /: persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    },
    {
      title: 'the engine, and no scheduler that nobody named',
      call: untyped.addService({ fwmark: 7, persistence: { engine: 'sip' } }),
      words: /: persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    },
    {
      title: 'the engine of an ensure',
      call: untyped.ensureService({ fwmark: 7, persistence: { engine: 'sip' } }),
      words: /^\S+ \S+: persistence engine 'sip'/,
    },
    {
      title: 'either',
      call: untyped.addService({ fwmark: 7, scheduler: 'mh', persistence: { engine: 'sip' } }),
      words:
        /'mh' \(module ip_vs_mh\) or persistence engine 'sip' \(module ip_vs_pe_sip\) is not available/,
    },
    {
      title: 'neither',
      call: untyped.updateService(SERVICE, { onePacket: false }),
      words: /its scheduler or persistence engine is not available/,
    },
  ])('names the missing module of $title', ({ call, words }) => {
    const error = errorOf(call, { status: 'refused', errno: numberOf('ENOENT') });
    expect(error.message).toMatch(words);
    expectReadable(error);
  });
});

describe('the missing module of a refusal', () => {
  const both = { fwmark: 7, scheduler: 'mh', persistence: { engine: 'sip' } };
  const refuse = (call: Call<unknown>) =>
    errorOf(call, { status: 'refused', errno: numberOf('ENOENT') }).message;

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

  test('is said to be loaded if it brings no such scheduler', () => {
    host({ loaded: ['ip_vs_ftp'] });
    expect(refuse(untyped.addService({ ...config, scheduler: 'ftp' }))).toMatch(
      /: scheduler 'ftp' is not available: module ip_vs_ftp is loaded, but provides nothing of that name/,
    );
  });

  test.each([
    {
      facts: { loader: '' },
      words: /module ip_vs is not loaded, and .*kernel.modprobe is empty.*modprobe ip_vs/,
    },
    {
      facts: { forbidden: true },
      words: /module ip_vs is not loaded, and kernel.modules_disabled forbids/,
    },
    { facts: {}, words: /the kernel has no IPVS: .*modprobe ip_vs.*CONFIG_IP_VS$/ },
    {
      facts: { onDisk: true },
      words: /module ip_vs is on disk, but the kernel could not load it: see what modp/,
    },
    {
      facts: { onDisk: true, loader: '/bin/false' },
      words: /could not load it by \/bin\/false \(kernel.modprobe\): load it with modprobe ip_vs$/,
    },
    {
      facts: { onDisk: true, loader: '' },
      words: /module ip_vs is not loaded, and .*kernel.modprobe is empty/,
    },
    // It is being unloaded.
    { facts: { onDisk: true, loaded: ['ip_vs'] }, words: /the kernel has no IPVS/ },
    { facts: { loader: '', loaded: ['ip_vs'] }, words: /the kernel has no IPVS/ },
  ])('may be that of IPVS, on a host with $facts', ({ facts, words }) => {
    host(facts);
    const unavailable = { code: 'ERR_IPVS_UNAVAILABLE', message: expect.stringMatching(words) };
    const gone = errorOf(untyped.flush(), { status: 'unavailable', errno: numberOf('ENOENT') });
    expect(gone).toMatchObject(unavailable);
  });
});

describe('the target', () => {
  test.each([
    { call: untyped.getService('fwmark6://7'), target: 'fwmark6://7' },
    { call: untyped.getService('fwmark://4294967295'), target: 'fwmark://4294967295' },
    { call: untyped.getService('udp://[FD00:0::1]:53'), target: 'udp://[fd00::1]:53' },
    { call: untyped.getService('unknown-50://10.0.0.1:1'), target: 'unknown-50://10.0.0.1:1' },
    { call: untyped.zero('sctp://10.0.0.1:0'), target: 'sctp://10.0.0.1:0' },
    {
      call: untyped.deleteDestination('fwmark://7', 'fd00::2'),
      target: '[fd00::2]:0 of fwmark://7',
    },
  ])('is the reference $target', ({ call, target }) => {
    expect(errorOf(call, { status: 'refused', errno: numberOf('EPERM') })).toMatchObject({
      target,
    });
  });

  test('is that of the request at the index', () => {
    const calls = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) =>
      untyped.addDestination(SERVICE, { address }),
    );
    const requests = pack(...calls);
    const result = {
      status: 'refused',
      errno: numberOf('EEXIST'),
      text: '',
      creating: false,
    } as const;
    const targets = [2, 0, 1].map((index) =>
      requestError(named('addDestination'), requests, index, result),
    );
    expect(targets).toMatchObject([
      { target: `10.0.0.3:443 of ${SERVICE}` },
      { target: `10.0.0.1:443 of ${SERVICE}` },
      { target: `10.0.0.2:443 of ${SERVICE}` },
    ]);
  });
});

describe('an update that does not fit the settings of the object', () => {
  test('is refused for flags of another scheduler', () => {
    const call = untyped.updateService(SERVICE, { schedulerFlags: ['mh-port'] });
    const error = errorOf(call, { status: 'foreignFlags', errno: numberOf('EINVAL') });
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

  test('is refused for a tunnel with another forwarding', () => {
    const call = untyped.updateDestination(SERVICE, DESTINATION, { tunnel: { type: 'gre' } });
    const error = errorOf(call, { status: 'tunnelless', errno: numberOf('EINVAL') });
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(error.message).toMatch(
      /^updateDestination \S+ of \S+: changes\.tunnel: .*forwarding.*'tunnel'/,
    );
    expectReadable(error);
  });

  test.each([
    { property: 'lowerThreshold', changes: { lowerThreshold: 77 } },
    { property: 'upperThreshold', changes: { upperThreshold: 77 } },
  ])('is refused for a $property that contradicts the other threshold', ({ property, changes }) => {
    const call = untyped.updateDestination(SERVICE, DESTINATION, changes);
    const error = errorOf(call, { status: 'thresholds', errno: numberOf('EINVAL') });
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
  {
    service: 'tcp://10.96.0.1:80',
    config: { address: '127.255.255.255' },
    words: /must be unicast; .*ip link set lo up\)/,
    others: /IPv6|link-local|sync/,
  },
  {
    service: 'tcp://[fd00::1]:80',
    config: { address: 'fe80::1' },
    words: /must be unicast and not link-local/,
    others: /lo up|sync/,
  },
  {
    service: 'tcp://[fd00::1]:80',
    config: { address: '10.0.0.1', forwarding: 'tunnel' },
    words: /must be unicast; .*lo up\); and a destination of another address family excludes sync/,
    others: /link-local/,
  },
])(
  'the error of a refused destination $config of $service names the causes that apply',
  ({ service, config, words, others }) => {
    for (const make of [untyped.addDestination, untyped.ensureDestination]) {
      const error = errorOf(make(service, config), {
        status: 'refused',
        errno: numberOf('EINVAL'),
      });
      expect(error.message).toMatch(words);
      expect(error.message).not.toMatch(others);
    }
  },
);

test('the error of a lower threshold alone says that the upper one is lower, or not set', () => {
  const call = untyped.updateDestination(SERVICE, DESTINATION, { lowerThreshold: 5 });
  const error = errorOf(call, { status: 'thresholds', errno: numberOf('EINVAL') });
  expect(error.message).toContain('or none is set: set upperThreshold with it');
});

test.each(['ENODEV', 'ENETUNREACH', 'EADDRNOTAVAIL'] as const)(
  'the error for %s of a sync daemon names its link',
  (code) => {
    const call = untyped.startSyncDaemon({ role: 'master', interface: 'eth99' });
    const error = errorOf(call, { status: 'refused', errno: numberOf(code) });
    expect(error.message).toContain('link eth99');
  },
);

test('a result without a status is an unknown outcome', () => {
  // Status::kPending is 0: the addon has said nothing of the request.
  const native = nativeResponse({ results: [{}] });
  new Uint8Array(native.results ?? expect.unreachable('no results')).fill(0);
  const result = new IpvsResponse(native).result(0);
  const error = requestError(named('flush'), pack(untyped.flush()), 0, result);
  expect(error).toMatchObject({
    name: 'IpvsError',
    code: 'ERR_IPVS_OUTCOME_UNKNOWN',
    operation: 'flush',
  });
  expectReadable(error);
});

test('a status that the layout does not have throws', () => {
  const native = nativeResponse({ results: [{}] });
  new Uint8Array(native.results ?? expect.unreachable('no results')).fill(0xff);
  expect(() => new IpvsResponse(native).result(0)).toThrow(/unknown status/);
});

test('an errno without a name is given by number', () => {
  const error = errorOf(untyped.flush(), { status: 'refused', errno: 524 });
  expect(error).toMatchObject({ errno: -524, code: expect.stringMatching(/^\w+$/) });
  expectReadable(error);
});

describe('the error of an ensure', () => {
  test.each([
    {
      operation: 'ensureService',
      change: 'IPVS_CMD_SET_SERVICE',
      creation: 'IPVS_CMD_NEW_SERVICE',
    },
    { operation: 'ensureDestination', change: 'IPVS_CMD_SET_DEST', creation: 'IPVS_CMD_NEW_DEST' },
  ] as const)('$operation names the command that failed', ({ operation, change, creation }) => {
    const requests = pack(OPERATIONS[operation].call);
    const syscallOf = (creating: boolean) => {
      const result: Failed = { status: 'refused', errno: 12, text: '', creating };
      return requestError(named(operation), requests, 0, result);
    };
    expect(syscallOf(false)).toMatchObject({ syscall: change, code: 'ENOMEM', errno: -12 });
    expect(syscallOf(true)).toMatchObject({ syscall: creation, code: 'ENOMEM', errno: -12 });
  });
});
