import { constants } from 'node:os';
import { Ipvs, IpvsError } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Call, invoke } from './helpers/model/table.js';
import { Namespace } from './helpers/namespace.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

/** The expected content of an error. `gist` is the part of the message that a reader needs. */
interface Expected {
  readonly code: keyof typeof constants.errno;
  readonly syscall: string;
  readonly operation: string;
  readonly target?: string;
  readonly gist: RegExp;
}

function expectError(error: unknown, { code, gist, target = '', ...rest }: Expected): void {
  const errno = -constants.errno[code];
  expect(error).toMatchObject({ name: 'IpvsError', code, errno, target, ...rest });
  // The table above has seen that there is a message.
  const { message } = error as Error;
  expect(message).toMatch(gist);
  expect(message).toContain([rest.operation, target].join(' ').trim());
  expect(message).toContain(code);
}

async function reasonOf(promise: unknown): Promise<unknown> {
  const [settled] = await Promise.allSettled([promise]);
  if (settled.status === 'rejected') return settled.reason;
  throw new Error('it did not fail');
}

const address = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const tcp = 'tcp://10.96.0.1:80';
const mark = 'fwmark6://9';
const server = { address: '10.0.0.1', port: 80 };

describe('for a request that the kernel refuses', () => {
  beforeEach(async () => {
    await fixture.ipvs.flush();
    await fixture.ipvs.addService(address);
    await fixture.ipvs.addDestination(tcp, server);
  });

  const noScheduler = { scheduler: 'no-such-one' };
  const noEngine = { persistence: { engine: 'no-such-one' } };
  const noMark = { fwmark: 9, family: 'ipv6' } as const;
  const broadcast = { address: '127.255.255.255' };
  const linkLocal = { address: 'fe80::1', forwarding: 'tunnel' } as const;
  const moduleMissing =
    /'no-such-one' is not available: the kernel has no module ip_vs_no-such-one/;
  const engineMissing = /persistence engine 'no-such-one' \(module ip_vs_pe_no-such-one\)/;
  const noService = /there is no such service/;
  const noDestination = /no such destination/;
  const notUnicast = /must be unicast(; in a network namespace| and not link-local)/;

  const commands: Readonly<Record<string, string>> = {
    addService: 'IPVS_CMD_NEW_SERVICE',
    updateService: 'IPVS_CMD_SET_SERVICE',
    ensureService: 'IPVS_CMD_NEW_SERVICE', // of what is missing
    deleteService: 'IPVS_CMD_DEL_SERVICE',
    addDestination: 'IPVS_CMD_NEW_DEST',
    updateDestination: 'IPVS_CMD_SET_DEST',
    ensureDestination: 'IPVS_CMD_NEW_DEST', // of what is missing
    deleteDestination: 'IPVS_CMD_DEL_DEST',
    getDestination: 'IPVS_CMD_GET_DEST',
    listDestinations: 'IPVS_CMD_GET_DEST',
    zero: 'IPVS_CMD_ZERO',
  };

  const refusals: readonly {
    readonly code: Expected['code'];
    readonly call: Call;
    readonly target: string;
    readonly gist: RegExp;
  }[] = [
    {
      code: 'EEXIST',
      call: ['addService', { ...address, scheduler: 'rr' }],
      target: tcp,
      gist: /use updateService or ensure/,
    },
    {
      code: 'EEXIST',
      call: ['addDestination', address, server],
      target: `10.0.0.1:80 of ${tcp}`,
      gist: /use updateDestin/,
    },
    { code: 'ESRCH', call: ['updateService', mark, {}], target: mark, gist: noService },
    { code: 'ESRCH', call: ['deleteService', noMark], target: mark, gist: noService },
    {
      code: 'ESRCH',
      call: ['addDestination', mark, { address: 'fd00::2' }],
      target: `[fd00::2]:0 of ${mark}`,
      gist: /add it/,
    },
    {
      code: 'ESRCH',
      call: ['ensureDestination', mark, { address: 'fd00::2' }],
      target: `[fd00::2]:0 of ${mark}`,
      gist: /add it/,
    },
    {
      code: 'ESRCH',
      call: ['updateDestination', mark, server, {}],
      target: `10.0.0.1:80 of ${mark}`,
      gist: noService,
    },
    {
      code: 'ESRCH',
      call: ['deleteDestination', mark, '10.0.0.1'],
      target: `10.0.0.1:0 of ${mark}`,
      gist: noService,
    },
    { code: 'ESRCH', call: ['listDestinations', noMark], target: mark, gist: noService },
    { code: 'ESRCH', call: ['zero', mark], target: mark, gist: noService },
    {
      code: 'ENOENT',
      call: ['updateDestination', tcp, '10.0.0.2', {}],
      target: `10.0.0.2:80 of ${tcp}`,
      gist: noDestination,
    },
    {
      code: 'ENOENT',
      call: ['deleteDestination', tcp, '10.0.0.1:81'],
      target: `10.0.0.1:81 of ${tcp}`,
      gist: noDestination,
    },
    {
      code: 'ENOENT',
      call: ['addService', { ...noMark, ...noScheduler }],
      target: mark,
      gist: moduleMissing,
    },
    { code: 'ENOENT', call: ['updateService', tcp, noScheduler], target: tcp, gist: moduleMissing },
    {
      code: 'ENOENT',
      call: ['ensureService', { ...noMark, ...noScheduler }],
      target: mark,
      gist: moduleMissing,
    },
    {
      code: 'ENOENT',
      call: ['addService', { ...noMark, ...noEngine }],
      target: mark,
      gist: engineMissing,
    },
    { code: 'ENOENT', call: ['updateService', tcp, noEngine], target: tcp, gist: engineMissing },
    {
      code: 'EINVAL',
      call: ['addDestination', tcp, broadcast],
      target: `127.255.255.255:80 of ${tcp}`,
      gist: notUnicast,
    },
    {
      code: 'EINVAL',
      call: ['ensureDestination', tcp, broadcast],
      target: `127.255.255.255:80 of ${tcp}`,
      gist: notUnicast,
    },
    {
      code: 'EINVAL',
      call: ['addDestination', tcp, linkLocal],
      target: `[fe80::1]:80 of ${tcp}`,
      gist: notUnicast,
    },
  ];

  test.each(refusals)('$code is the error of $call', async ({ code, call, target, gist }) => {
    const [operation] = call;
    const before = fixture.namespace.saved();
    const error = await reasonOf(invoke(fixture.ipvs, call));
    expect(error).toBeInstanceOf(IpvsError);
    expectError(error, { code, syscall: commands[operation] ?? '', operation, target, gist });
    expect(fixture.namespace.saved()).toEqual(before);
  });

  test('a destination of another family is refused while a sync daemon runs', async () => {
    fixture.namespace.ipvsadm('--start-daemon', 'backup', '--mcast-interface', 'lo');
    const destination = { address: 'fd00::2', forwarding: 'tunnel' } as const;
    expectError(await reasonOf(fixture.ipvs.addDestination(tcp, destination)), {
      code: 'EINVAL',
      syscall: 'IPVS_CMD_NEW_DEST',
      operation: 'addDestination',
      target: `[fd00::2]:80 of ${tcp}`,
      gist: /another address family excludes sync daemons/,
    });
    fixture.namespace.ipvsadm('--stop-daemon', 'backup');
    await fixture.ipvs.addDestination(tcp, destination);
  });
});

test('IPv4 destinations in a namespace without IPv4 are refused with the remedy', async () => {
  const fresh = new Namespace(false);
  const ipvs = await Ipvs.open({ netns: fresh.path });
  try {
    await ipvs.addService(address);
    expectError(await reasonOf(ipvs.addDestination(tcp, server)), {
      code: 'EINVAL',
      syscall: 'IPVS_CMD_NEW_DEST',
      operation: 'addDestination',
      target: `10.0.0.1:80 of ${tcp}`,
      gist: /bring the loopback link up first \(ip link set lo up\)/,
    });
    fresh.ip('link', 'set', 'lo', 'up');
    await ipvs.addDestination(tcp, server);
  } finally {
    await ipvs.close();
    fresh.delete();
  }
});

describe('for a network namespace that cannot be opened', () => {
  test.each([
    {
      code: 'ENOENT',
      syscall: 'open',
      netns: '/run/netns/no-such-one',
      gist: /there is no such network namespace/,
    },
    { code: 'ENOTDIR', syscall: 'open', netns: '/proc/version/net', gist: /not a directory/ },
    {
      code: 'EINVAL',
      syscall: 'setns',
      netns: '/proc/version',
      gist: /is not a network namespace/,
    },
    { code: 'EINVAL', syscall: 'setns', netns: '/run', gist: /is not a network namespace/ },
    {
      code: 'EINVAL',
      syscall: 'setns',
      netns: '/proc/self/ns/mnt',
      gist: /is not a network namespace/,
    },
  ] as const)(
    '$code of $syscall is the error for $netns',
    async ({ code, syscall, netns, gist }) => {
      const error = await reasonOf(Ipvs.open({ netns }));
      expectError(error, { code, syscall, operation: 'open', target: netns, gist });
    },
  );
});

describe('without privileges', () => {
  const capability = /CAP_NET_ADMIN in the initial user namespace is needed/;
  const denied = {
    code: 'EPERM',
    syscall: 'IPVS_CMD_GET_INFO',
    operation: 'open',
    gist: capability,
  } as const;
  /** Still root, with no capability but to read any file, and those given. */
  const withOnly = (...capabilities: string[]) => {
    const kept = ['-all', '+dac_read_search', ...capabilities].join(',');
    return ['setpriv', `--bounding-set=${kept}`, '--inh-caps=-all'];
  };

  /** Runs programs/attempt.mjs in the namespace, under a program that drops privileges. */
  function attempt(under: readonly string[], ...args: string[]): unknown[] {
    const [first = process.execPath, ...rest] = [
      ...under,
      process.execPath,
      programPath('attempt.mjs'),
    ];
    return JSON.parse(fixture.namespace.run(first, [...rest, ...args]));
  }

  beforeEach(() => fixture.ipvs.flush());

  test('opening fails without any capability', () => {
    const { path } = fixture.namespace;
    const [own, other, foreign] = attempt(withOnly(), '', path, '/proc/1/ns/net');
    expectError(own, denied);
    expectError(other, {
      code: 'EPERM',
      syscall: 'setns',
      operation: 'open',
      target: path,
      gist: /CAP_SYS_ADMIN is needed to enter another network namespace/,
    });
    expectError(foreign, {
      code: 'EACCES',
      syscall: 'open',
      operation: 'open',
      target: '/proc/1/ns/net',
      gist: /may not be opened/,
    });
  });

  test('CAP_NET_ADMIN suffices for the own network namespace', () => {
    const { path } = fixture.namespace;
    const [own, other] = attempt(withOnly('+net_admin'), '', path);
    expect(own).toBe('done');
    expect(fixture.namespace.saved()).toEqual(['-A -t 10.96.0.1:80 -s wlc']);
    expectError(other, {
      code: 'EPERM',
      syscall: 'setns',
      operation: 'open',
      target: path,
      gist: /CAP_SYS_ADMIN is needed/,
    });
  });

  test('opening fails for root of another user namespace', () => {
    const [outcome] = attempt(['unshare', '--user', '--map-root-user'], '');
    expectError(outcome, denied);
  });

  test('operations of an open handle fail after the privileges are dropped', () => {
    const [outcome] = attempt([], '--drop', '');
    expectError(outcome, {
      code: 'EPERM',
      syscall: 'IPVS_CMD_NEW_SERVICE',
      operation: 'addService',
      target: tcp,
      gist: capability,
    });
    expect(fixture.namespace.saved()).toEqual([]);
  });
});
