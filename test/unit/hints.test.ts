// What people write who know another tool, and what the error tells them.
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Ipvs, type KnownScheduler } from '../../lib/index.js';
import { schedulerHint, schedulers } from '../../lib/ipvs/schedulers.js';
import { openingError } from '../../lib/native/native-errors.js';
import { mark, server, TCP, tcp, tunnelled } from './refusals.js';
import type { Call } from './requests.js';
import { pack, thrownBy, untyped } from './requests.js';

const { addService, updateService, getService, addDestination, updateDestination } = untyped;

const messageOf = (make: () => Call<unknown>): string => {
  const error = thrownBy(() => pack(make()));
  return error instanceof Error ? error.message : expect.unreachable();
};
const ofService = (config: object) => messageOf(() => addService({ ...tcp, ...config }));
const ofDestination = (config: object) =>
  messageOf(() => addDestination(TCP, { ...server, ...config }));

describe('a name that another tool uses is translated:', () => {
  test.each([
    ['masq', 'masquerade'],
    ['MASQ', 'masquerade'],
    ['nat', 'masquerade'],
    ['-m', 'masquerade'],
    ['dnat', 'masquerade'],
    ['route', 'direct'],
    ['dr', 'direct'],
    ['DSR', 'direct'],
    ['gateway', 'direct'],
    ['-g', 'direct'],
    ['ipip', 'tunnel'],
    ['IPIP', 'tunnel'],
    ['tun', 'tunnel'],
    ['gue', 'tunnel'],
    ['-i', 'tunnel'],
    ['localnode', 'local'],
    ['masquarade', 'masquerade'],
  ])('forwarding %j is %s', (forwarding, meant) => {
    expect(ofDestination({ forwarding })).toMatch(new RegExp(`: did you mean ${meant}\\?$`));
    expect(messageOf(() => updateDestination(TCP, server, { forwarding }))).toContain(
      `did you mean ${meant}?`,
    );
  });

  test.each([
    ['TCP', 'tcp'],
    ['Udp', 'udp'],
    ['tcp6', 'tcp'],
    ['http', 'tcp'],
    ['https', 'tcp'],
    [6, 'tcp'],
    [17, 'udp'],
    [132, 'sctp'],
    ['tpc', 'tcp'],
  ])('protocol %j is %s', (protocol, meant) => {
    expect(ofService({ protocol })).toMatch(new RegExp(`: did you mean ${meant}\\?$`));
  });

  test.each([
    ['inet', 'ipv4'],
    [4, 'ipv4'],
    ['IPv6', 'ipv6'],
    ['AF_INET6', 'ipv6'],
    [6, 'ipv6'],
  ])('family %j is %s', (family, meant) => {
    expect(messageOf(() => addService({ ...mark, family }))).toContain(`did you mean ${meant}?`);
  });

  test.each([
    ['csum', 'checksum'],
    ['nocsum', 'none'],
    ['remcsum', 'remote-checksum'],
  ])('checksum %j is %s', (checksum, meant) => {
    const tunnel = { type: 'gue', port: 5, checksum };
    expect(ofDestination(tunnelled(tunnel))).toContain(`did you mean ${meant}?`);
  });

  test.each(['nonsense', '', null, 7, {}, 'x'.repeat(10_000)])('and %j is not', (forwarding) => {
    expect(ofDestination({ forwarding })).not.toContain('did you mean');
  });

  test('only objects from the kernel may have values without a name', () => {
    expect(ofDestination({ forwarding: 'unknown-5' })).toContain('only objects that were read');
    expect(ofService({ protocol: 'unknown-50' })).toContain('only objects that were read');
    expect(ofService({ schedulerFlags: ['unknown-64'] })).toContain('only objects that were read');
  });
});

describe('a scheduler', () => {
  test.each([
    ['roundrobin', 'rr'],
    ['round_robin', 'rr'],
    ['RR', 'rr'],
    ['drr', 'rr'],
    ['weighted-rr', 'wrr'],
    ['least-conn', 'lc'],
    ['leastconn', 'lc'],
    ['maglev', 'mh'],
    ['source-hash', 'sh'],
    ['wlcc', 'wlc'],
  ])('%j that the kernel lacks is perhaps %s', (name, meant) => {
    expect(schedulerHint(name)).toBe(`: did you mean '${meant}'?`);
  });

  test.each([...schedulers, 'mine', 'no-such-one'])('%j is nothing else', (name) => {
    expect(schedulerHint(name)).toBe('');
  });

  test.each([
    ['least-connections', 'lc'],
    ['weighted round robin', 'wrr'],
    ['wrr ', 'wrr'],
    [' rr', 'rr'],
  ])('%j, which is no name of a module, is %s', (scheduler, meant) => {
    expect(ofService({ scheduler })).toContain(`did you mean '${meant}'?`);
    expect(messageOf(() => updateService(TCP, { scheduler }))).toContain(
      `did you mean '${meant}'?`,
    );
  });
});

describe('an unknown property', () => {
  test.each([
    ['server', 'address'],
    ['ip', 'address'],
    ['host', 'address'],
    ['addr', 'address'],
    ['Address', 'address'],
    ['proto', 'protocol'],
    ['sched', 'scheduler'],
    ['method', 'scheduler'],
    ['mark', 'fwmark'],
    ['fwMark', 'fwmark'],
    ['persistent', 'persistence'],
    ['persistance', 'persistence'],
    ['timeout', 'persistence: { timeout }'],
    ['netmask', 'persistence: { netmask }'],
    ['mask', 'persistence: { netmask }'],
    ['engine', 'persistence: { engine }'],
    ['pe', 'persistence: { engine }'],
    ['ops', 'onePacket'],
    ['flags', 'schedulerFlags'],
    ['scheduler_flags', 'schedulerFlags'],
  ])('%s of a service is %s', (key, meant) => {
    expect(ofService({ [key]: 1 })).toMatch(`service.${key}: `);
    expect(ofService({ [key]: 1 })).toMatch(/: did you mean (.*)\?$/);
    expect(ofService({ [key]: 1 })).toContain(`did you mean ${meant}?`);
  });

  test.each([
    ['server', 'address'],
    ['method', 'forwarding'],
    ['fwd', 'forwarding'],
    ['mode', 'forwarding'],
    ['upper', 'upperThreshold'],
    ['u_threshold', 'upperThreshold'],
    ['maxconn', 'upperThreshold'],
    ['wieght', 'weight'],
    ['tunnelType', 'tunnel: { type }'],
    ['tun_port', 'tunnel: { type, port }'],
    ['checksum', 'tunnel: { checksum }'],
  ])('%s of a destination is %s', (key, meant) => {
    expect(ofDestination({ [key]: 1 })).toContain(`did you mean ${meant}?`);
  });

  test.each([
    [{ persistence: { mask: 24 } }, 'netmask'],
    [{ persistence: { seconds: 24 } }, 'timeout'],
    [{ persistence: { pe: 'sip' } }, 'engine'],
  ])('within persistence: %j is %s', (config, meant) => {
    expect(ofService(config)).toContain(`did you mean ${meant}?`);
  });

  test('of nothing that is known, all are listed that can be written, and no others', () => {
    expect(ofService({ quorum: 1 })).toBe(
      "service.quorum: 'quorum' is not a known property: one of protocol, address, port, fwmark, family, " +
        'scheduler, schedulerFlags, persistence, onePacket',
    );
    expect(ofDestination({ quorum: 1 })).toBe(
      "destination.quorum: 'quorum' is not a known property: one of address, port, family, forwarding, weight, " +
        'upperThreshold, lowerThreshold, tunnel',
    );
    // Not stats, which only what was read has.
    expect(ofService({ stat: 1 })).toContain('one of protocol');
    expect(messageOf(() => getService({ ...tcp, quorum: 1 }))).not.toContain('stats');
  });

  test('in the options of open() is netns', async () => {
    // The bad ones are what is tested.
    const open = Ipvs.open as (options: unknown) => Promise<Ipvs>;
    for (const key of ['namespace', 'ns', 'netNs']) {
      await expect(open({ [key]: 'blue' })).rejects.toThrow('did you mean netns?');
    }
  });
});

describe('a value of another form', () => {
  test.each([
    [300, '{ timeout: 300 }'],
    ['300', '{ timeout: 300 }'],
    [true, '{}'],
    [false, 'null'],
  ])('persistence %j is %s', (persistence, meant) => {
    expect(ofService({ persistence })).toContain(`is not an object: did you mean ${meant}?`);
    expect(messageOf(() => updateService(TCP, { persistence }))).toContain(
      `did you mean ${meant}?`,
    );
  });

  test.each([0, -1, 1.5, 'long', [], Number.NaN])('persistence %j is nothing', (persistence) => {
    expect(ofService({ persistence })).not.toContain('did you mean');
  });

  test('a tunnel by its type alone', () => {
    expect(ofDestination(tunnelled('gue'))).toContain("did you mean { type: 'gue', port }?");
    expect(ofDestination(tunnelled('IPIP'))).toContain("did you mean { type: 'ipip' }?");
  });

  test('a number as text', () => {
    expect(ofService({ port: '80' })).toBe(
      "service.port: '80' is not an integer from 0 to 65535: did you mean 80, a number?",
    );
    expect(ofDestination({ weight: '5' })).toContain('did you mean 5, a number?');
    for (const port of ['99999', '', 'http', '8.0']) {
      expect(ofService({ port })).not.toContain('did you mean');
    }
  });

  test.each([
    ['[fd00::1]', "drop the brackets: 'fd00::1'"],
    ['[fd00::1]:80', "drop the brackets: 'fd00::1', and port: 80"],
    ['10.0.0.1:80', "did you mean address: '10.0.0.1' and port: 80?"],
    ['10.0.0.1/32', ": drop the prefix: '10.0.0.1'"],
    ['fd00::1/128', ": drop the prefix: 'fd00::1'"],
    ['localhost', 'host names are not resolved'],
    ['db-1.example.com', 'host names are not resolved'],
  ])('address %j', (address, hint) => {
    expect(ofService({ address })).toContain(hint);
    expect(ofDestination({ address })).toContain(hint);
  });

  test.each([
    ['http://10.0.0.1', 'tcp://10.0.0.1:80'],
    ['http://10.0.0.1/', 'tcp://10.0.0.1:80'],
    ['https://10.0.0.1', 'tcp://10.0.0.1:443'],
    ['https://[fd00::1]', 'tcp://[fd00::1]:443'],
    ['HTTP://10.0.0.1:8080', 'tcp://10.0.0.1:8080'],
    ['TCP://10.0.0.1:80', 'tcp://10.0.0.1:80'],
    ['10.0.0.1:80', 'tcp://10.0.0.1:80'],
    ['tcp:10.0.0.1:80', 'tcp://10.0.0.1:80'],
    ['tcp://10.0.0.1:80/', 'tcp://10.0.0.1:80'],
    [' udp://10.0.0.1:53\n', 'udp://10.0.0.1:53'],
    ['mark://7', 'fwmark://7'],
    ['fwm://7', 'fwmark://7'],
    ['FWMARK6://7', 'fwmark6://7'],
    ['fwmark://0x7', 'fwmark://7'],
    ['fwmark6://0x1F', 'fwmark6://31'],
    ['fwmark://007', 'fwmark://7'],
    ['tcp://fd00::1:80', 'tcp://[fd00::1]:80'],
    ['fd00::1:80', 'tcp://[fd00::1]:80'],
    ['tcp://10.0.0.1/32:80', 'tcp://10.0.0.1:80'],
    ['tcp://10.0.0.1:80/32', 'tcp://10.0.0.1:80'],
  ])('the reference %j of a service is %s', (reference, meant) => {
    expect(messageOf(() => getService(reference))).toContain(`: did you mean '${meant}'?`);
    expect(() => pack(getService(meant))).not.toThrow();
  });

  test.each([
    ['http://10.0.0.1:80', 'did you mean tcp?'],
    ['tcp://10.0.0.1', 'it has no port'],
    ['tcp://[fd00::1]', 'it has no port'],
    ['tcp://localhost:80', 'host names are not resolved'],
    ['http://example.com', 'host names are not resolved'],
    ['x', ': it has no protocol'],
    ['web', ': it has no protocol'],
    ['fwmark://0x7', 'a mark is a decimal number'],
    ['fwmark://x', 'a mark is a decimal number'],
    ['fwmark://0', 'a mark is a decimal number'],
    ['tcp://10.0.0.1:99999', 'service port: 99999 is not an integer from 0 to 65535'],
    ['fwmark://4294967296', 'service mark: 4294967296 is not an integer from 1'],
  ])('the reference %j of a service: %s', (reference, hint) => {
    expect(messageOf(() => getService(reference))).toContain(hint);
  });

  test.each(['', 'x', '://', 'tcp://', 'tcp://10.0.0:80', 'tcp://10.0.0.1:port', 'fwmark://x'])(
    'the reference %j of a service is nothing',
    (reference) => {
      expect(messageOf(() => getService(reference))).not.toContain('did you mean');
    },
  );

  test.each([
    ['tcp://10.0.0.1:80', '10.0.0.1:80'],
    ['http://10.0.0.1', '10.0.0.1:80'],
    ['[10.0.0.1]:80', '10.0.0.1:80'],
    ['10.0.0.1:80/', '10.0.0.1:80'],
    [' 10.0.0.1:80', '10.0.0.1:80'],
    ['10.0.0.1/32', '10.0.0.1'],
    ['10.0.0.1/32:80', '10.0.0.1:80'],
    ['fd00::1/128', '[fd00::1]'],
  ])('the reference %j of a destination is %s', (reference, meant) => {
    expect(messageOf(() => untyped.deleteDestination(TCP, reference))).toContain(
      `: did you mean '${meant}'?`,
    );
    expect(() => pack(untyped.deleteDestination(TCP, meant))).not.toThrow();
  });

  test('a name of a host is not resolved', () => {
    expect(messageOf(() => untyped.deleteDestination(TCP, 'web-1:80'))).toContain('not resolved');
  });

  test('text of any length costs nothing', () => {
    const long = ['a'.repeat(1e6), `${'a-'.repeat(5e5)}!`, ':'.repeat(1e6), '['.repeat(1e6)];
    for (const text of long) {
      const start = process.cpuUsage();
      messageOf(() => getService(text));
      messageOf(() => untyped.deleteDestination(TCP, text));
      ofService({ address: text });
      ofService({ scheduler: text });
      ofService({ protocol: text });
      ofDestination({ weight: text });
      expect(process.cpuUsage(start).user).toBeLessThan(1e6);
    }
  });
});

describe('an argument of another kind', () => {
  const { deleteDestination, ensureDestination, ensureService } = untyped;

  test.each([undefined, null, 5])('%j is no reference', (value) => {
    const rule = 'is not a reference: a string such as ';
    expect(messageOf(() => getService(value))).toContain(`service: ${value} ${rule}`);
    expect(messageOf(() => deleteDestination(value, server))).toContain(rule);
    expect(messageOf(() => deleteDestination(TCP, value))).toContain(
      `destination: ${value} ${rule}'10.0.0.1:80', or an object`,
    );
  });

  test('an array is for one by one', () => {
    for (const make of [
      () => addService([tcp]),
      () => getService([tcp]),
      () => addDestination(TCP, [server]),
      () => deleteDestination(TCP, [server]),
    ]) {
      expect(messageOf(make)).toMatch(
        /is not an object: it is an array; pass its members one by one$/,
      );
    }
    expect(ofService({ persistence: [] })).not.toContain('one by one');
  });

  test.each([
    [() => addDestination(TCP, '10.1.1.2:8080'), "write { address: '10.1.1.2', port: 8080 }"],
    [() => ensureDestination(TCP, '10.1.1.2'), "write { address: '10.1.1.2' }"],
    [() => addDestination(TCP, '[fd00::2]:80'), "write { address: 'fd00::2', port: 80 }"],
    [() => addDestination(TCP, 'x'), 'such as { address, port, weight }'],
    [
      () => addService('udp://[fd00::1]:53'),
      "write { protocol: 'udp', address: 'fd00::1', port: 53 }",
    ],
    [() => ensureService('fwmark6://7'), "write { fwmark: 7, family: 'ipv6' }"],
    [() => addService('x'), 'such as { protocol, address, port, scheduler }'],
  ])('a string for a configuration: %#', (make, words) => {
    expect(messageOf(make)).toContain(words);
  });

  test.each([
    [() => addDestination({ address: '10.1.1.2', port: 8080 }, TCP)],
    [() => ensureDestination('10.1.1.2:8080', TCP)],
    [() => updateDestination('10.1.1.2:8080', tcp, {})],
    [() => deleteDestination({ address: '10.1.1.2' }, mark)],
  ])('a service behind its destination: %#', (make) => {
    expect(messageOf(make)).toContain('is no service, and the argument behind it is one');
  });

  test('what is bad in itself is said instead', () => {
    expect(messageOf(() => addDestination({ ...tcp, port: -1 }, server))).toContain(
      'service.port: -1',
    );
  });

  test('an IPv4 address in IPv6 is that IPv4 address', () => {
    expect(ofDestination({ address: '::ffff:10.0.0.1' })).toMatch(/: write 10\.0\.0\.1$/);
  });
});

describe('scheduler flags', () => {
  test.each([
    ['mh', 'fallback', 'mh-fallback'],
    ['mh', 'port', 'mh-port'],
    ['sh', 'fallback', 'sh-fallback'],
  ])('of %s: %s is %s', (scheduler, flag, meant) => {
    expect(ofService({ scheduler, schedulerFlags: [flag] })).toContain(`did you mean ${meant}?`);
  });

  test('of another scheduler are named as they were given', () => {
    expect(ofService({ scheduler: 'rr', schedulerFlags: ['mh-port'] })).toBe(
      "service.schedulerFlags: 'mh-port' belongs to scheduler mh, not to rr",
    );
  });
});

describe('thresholds', () => {
  test('one alone tells of the other', () => {
    expect(ofDestination({ lowerThreshold: 5 })).toContain(
      'is above the upper threshold of 0, which is none: set both, or lowerThreshold: 0',
    );
    expect(ofDestination({ upperThreshold: 0, lowerThreshold: 5 })).toContain('lowerThreshold: 0');
    expect(ofDestination({ upperThreshold: 4, lowerThreshold: 5 })).toMatch(/threshold of 4$/);
  });
});

describe('a network namespace', () => {
  const failed = (syscall: string, errno: number, netns: string) =>
    openingError(Object.assign(new Error(syscall), { errno, syscall, text: '' }), netns).message;
  const [ENOENT, EINVAL, EPERM, EBADF] = [2, 22, 1, 9];

  test('by a name of ip netns is a path', async () => {
    const hint = "such as '/run/netns/blue'";
    expect(failed('open', ENOENT, 'blue')).toContain(hint);
    expect(failed('setns', EINVAL, 'blue')).toContain(hint);
    expect(failed('setns', EPERM, 'blue')).not.toContain(hint);
    expect(failed('open', ENOENT, '/run/netns/blue')).not.toContain('such as');
    await expect(Ipvs.open({ netns: 'no-such-blue' })).rejects.toThrow(
      "such as '/run/netns/no-such-blue'",
    );
    expect(failed('fcntl', EBADF, 'descriptor 5')).not.toContain('such as');
  });
});

test('the table of schedulers is that of the type', () => {
  expectTypeOf<(typeof schedulers)[number]>().toEqualTypeOf<KnownScheduler>();
  expect(new Set(schedulers).size).toBe(schedulers.length);
});
