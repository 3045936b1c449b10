// What people write who know another tool, and what the error tells them.
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Ipvs, type KnownScheduler } from '../../lib/index.js';
import { schedulerHint, schedulers } from '../../lib/ipvs/schedulers.js';
import { openingError } from '../../lib/native/native-errors.js';
import { mark, server, TCP, tcp, tunnelled } from './helpers/argument-tables.js';
import type { Call } from './helpers/requests.js';
import { pack, thrownBy, untyped } from './helpers/requests.js';

const { addService, updateService, getService, addDestination, updateDestination } = untyped;

const messageOf = (make: () => Call<unknown>): string => {
  const error = thrownBy(() => pack(make()));
  return error instanceof Error ? error.message : expect.unreachable();
};
const ofService = (config: object) => messageOf(() => addService({ ...tcp, ...config }));
const ofDestination = (config: object) =>
  messageOf(() => addDestination(TCP, { ...server, ...config }));

describe('a name of another tool', () => {
  test.each([
    { forwarding: 'masq', meant: 'masquerade' },
    { forwarding: 'MASQ', meant: 'masquerade' },
    { forwarding: 'nat', meant: 'masquerade' },
    { forwarding: '-m', meant: 'masquerade' },
    { forwarding: 'dnat', meant: 'masquerade' },
    { forwarding: 'route', meant: 'direct' },
    { forwarding: 'dr', meant: 'direct' },
    { forwarding: 'DSR', meant: 'direct' },
    { forwarding: 'gateway', meant: 'direct' },
    { forwarding: '-g', meant: 'direct' },
    { forwarding: 'ipip', meant: 'tunnel' },
    { forwarding: 'IPIP', meant: 'tunnel' },
    { forwarding: 'tun', meant: 'tunnel' },
    { forwarding: 'gue', meant: 'tunnel' },
    { forwarding: '-i', meant: 'tunnel' },
    { forwarding: 'localnode', meant: 'local' },
    { forwarding: 'masquarade', meant: 'masquerade' },
  ])('forwarding $forwarding is taken for $meant', ({ forwarding, meant }) => {
    expect(ofDestination({ forwarding })).toMatch(new RegExp(`: did you mean ${meant}\\?$`));
    expect(messageOf(() => updateDestination(TCP, server, { forwarding }))).toContain(
      `did you mean ${meant}?`,
    );
  });

  test.each([
    { protocol: 'TCP', meant: 'tcp' },
    { protocol: 'Udp', meant: 'udp' },
    { protocol: 'tcp6', meant: 'tcp' },
    { protocol: 'http', meant: 'tcp' },
    { protocol: 'https', meant: 'tcp' },
    { protocol: 6, meant: 'tcp' },
    { protocol: 17, meant: 'udp' },
    { protocol: 132, meant: 'sctp' },
    { protocol: 'tpc', meant: 'tcp' },
  ])('protocol $protocol is taken for $meant', ({ protocol, meant }) => {
    expect(ofService({ protocol })).toMatch(new RegExp(`: did you mean ${meant}\\?$`));
  });

  test.each([
    { family: 'inet', meant: 'ipv4' },
    { family: 4, meant: 'ipv4' },
    { family: 'IPv6', meant: 'ipv6' },
    { family: 'AF_INET6', meant: 'ipv6' },
    { family: 6, meant: 'ipv6' },
  ])('family $family is taken for $meant', ({ family, meant }) => {
    expect(messageOf(() => addService({ ...mark, family }))).toContain(`did you mean ${meant}?`);
  });

  test.each([
    { checksum: 'csum', meant: 'checksum' },
    { checksum: 'nocsum', meant: 'none' },
    { checksum: 'remcsum', meant: 'remote-checksum' },
  ])('checksum $checksum is taken for $meant', ({ checksum, meant }) => {
    const tunnel = { type: 'gue', port: 5, checksum };
    expect(ofDestination(tunnelled(tunnel))).toContain(`did you mean ${meant}?`);
  });

  test.each(['nonsense', '', null, 7, {}, 'x'.repeat(10_000)])(
    'forwarding %j is taken for nothing',
    (forwarding) => {
      expect(ofDestination({ forwarding })).not.toContain('did you mean');
    },
  );

  test('only objects from the kernel may have values without a name', () => {
    expect(ofDestination({ forwarding: 'unknown-5' })).toContain('only objects that were read');
    expect(ofService({ protocol: 'unknown-50' })).toContain('only objects that were read');
    expect(ofService({ schedulerFlags: ['unknown-64'] })).toContain('only objects that were read');
  });
});

describe('a scheduler', () => {
  test.each([
    { name: 'roundrobin', meant: 'rr' },
    { name: 'round_robin', meant: 'rr' },
    { name: 'RR', meant: 'rr' },
    { name: 'drr', meant: 'rr' },
    { name: 'weighted-rr', meant: 'wrr' },
    { name: 'least-conn', meant: 'lc' },
    { name: 'leastconn', meant: 'lc' },
    { name: 'maglev', meant: 'mh' },
    { name: 'source-hash', meant: 'sh' },
    { name: 'wlcc', meant: 'wlc' },
  ])('$name that the kernel lacks is taken for $meant', ({ name, meant }) => {
    expect(schedulerHint(name)).toBe(`: did you mean '${meant}'?`);
  });

  test.each([...schedulers, 'mine', 'no-such-one'])('%j is taken for nothing else', (name) => {
    expect(schedulerHint(name)).toBe('');
  });

  test.each([
    { scheduler: 'least-connections', meant: 'lc' },
    { scheduler: 'weighted round robin', meant: 'wrr' },
    { scheduler: 'wrr ', meant: 'wrr' },
    { scheduler: ' rr', meant: 'rr' },
  ])('$scheduler, which no module is called, is taken for $meant', ({ scheduler, meant }) => {
    expect(ofService({ scheduler })).toContain(`did you mean '${meant}'?`);
    expect(messageOf(() => updateService(TCP, { scheduler }))).toContain(
      `did you mean '${meant}'?`,
    );
  });
});

describe('an unknown property', () => {
  test.each([
    { key: 'server', meant: 'address' },
    { key: 'ip', meant: 'address' },
    { key: 'host', meant: 'address' },
    { key: 'addr', meant: 'address' },
    { key: 'Address', meant: 'address' },
    { key: 'proto', meant: 'protocol' },
    { key: 'sched', meant: 'scheduler' },
    { key: 'method', meant: 'scheduler' },
    { key: 'mark', meant: 'fwmark' },
    { key: 'fwMark', meant: 'fwmark' },
    { key: 'persistent', meant: 'persistence' },
    { key: 'persistance', meant: 'persistence' },
    { key: 'timeout', meant: 'persistence: { timeout }' },
    { key: 'netmask', meant: 'persistence: { netmask }' },
    { key: 'mask', meant: 'persistence: { netmask }' },
    { key: 'engine', meant: 'persistence: { engine }' },
    { key: 'pe', meant: 'persistence: { engine }' },
    { key: 'ops', meant: 'onePacket' },
    { key: 'flags', meant: 'schedulerFlags' },
    { key: 'scheduler_flags', meant: 'schedulerFlags' },
  ])('$key of a service is taken for $meant', ({ key, meant }) => {
    expect(ofService({ [key]: 1 })).toMatch(`service.${key}: `);
    expect(ofService({ [key]: 1 })).toMatch(/: did you mean (.*)\?$/);
    expect(ofService({ [key]: 1 })).toContain(`did you mean ${meant}?`);
  });

  test.each([
    { key: 'server', meant: 'address' },
    { key: 'method', meant: 'forwarding' },
    { key: 'fwd', meant: 'forwarding' },
    { key: 'mode', meant: 'forwarding' },
    { key: 'upper', meant: 'upperThreshold' },
    { key: 'u_threshold', meant: 'upperThreshold' },
    { key: 'maxconn', meant: 'upperThreshold' },
    { key: 'wieght', meant: 'weight' },
    { key: 'tunnelType', meant: 'tunnel: { type }' },
    { key: 'tun_port', meant: 'tunnel: { type, port }' },
    { key: 'checksum', meant: 'tunnel: { checksum }' },
  ])('$key of a destination is taken for $meant', ({ key, meant }) => {
    expect(ofDestination({ [key]: 1 })).toContain(`did you mean ${meant}?`);
  });

  test.each([
    { config: { persistence: { mask: 24 } }, meant: 'netmask' },
    { config: { persistence: { seconds: 24 } }, meant: 'timeout' },
    { config: { persistence: { pe: 'sip' } }, meant: 'engine' },
  ])('$config within persistence is taken for $meant', ({ config, meant }) => {
    expect(ofService(config)).toContain(`did you mean ${meant}?`);
  });

  test('is answered with all writable properties if it is like none', () => {
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

  test.each(['destination', 'dest'])('%s of a service outside a state is its address', (key) => {
    expect(ofService({ [key]: 1 })).toContain('did you mean address?');
    const reference = { protocol: 'tcp', port: 80, [key]: '10.96.0.1' };
    expect(messageOf(() => getService(reference))).toContain('did you mean address?');
  });

  test.each(['servers', 'backends', 'destinatons'])(
    '%s of a service outside a state is not taken for destinations',
    (key) => {
      expect(ofService({ [key]: [] })).toMatch(/: one of protocol, .*, persistence, onePacket$/);
    },
  );

  test('of open() is taken for netns', async () => {
    // The bad ones are what is tested.
    const open = Ipvs.open as (options: unknown) => Promise<Ipvs>;
    for (const key of ['namespace', 'ns', 'netNs']) {
      await expect(open({ [key]: 'blue' })).rejects.toThrow('did you mean netns?');
    }
  });
});

describe('a value of another type', () => {
  test.each([
    { persistence: 300, meant: '{ timeout: 300 }' },
    { persistence: '300', meant: '{ timeout: 300 }' },
    { persistence: true, meant: '{}' },
    { persistence: false, meant: 'null' },
  ])('persistence $persistence is taken for $meant', ({ persistence, meant }) => {
    expect(ofService({ persistence })).toContain(`is not an object: did you mean ${meant}?`);
    expect(messageOf(() => updateService(TCP, { persistence }))).toContain(
      `did you mean ${meant}?`,
    );
  });

  test.each([0, -1, 1.5, 'long', [], Number.NaN])(
    'persistence %j is taken for nothing',
    (persistence) => {
      expect(ofService({ persistence })).not.toContain('did you mean');
    },
  );

  test('the type of a tunnel is taken for the tunnel', () => {
    expect(ofDestination(tunnelled('gue'))).toContain("did you mean { type: 'gue', port }?");
    expect(ofDestination(tunnelled('IPIP'))).toContain("did you mean { type: 'ipip' }?");
  });

  test('a number in text is taken for the number', () => {
    expect(ofService({ port: '80' })).toBe(
      "service.port: '80' is not an integer from 0 to 65535: did you mean 80, a number?",
    );
    expect(ofDestination({ weight: '5' })).toContain('did you mean 5, a number?');
    for (const port of ['99999', '', 'http', '8.0']) {
      expect(ofService({ port })).not.toContain('did you mean');
    }
  });

  test.each([
    { address: '[fd00::1]', hint: "drop the brackets: 'fd00::1'" },
    { address: '[fd00::1]:80', hint: "drop the brackets: 'fd00::1', and port: 80" },
    { address: '10.0.0.1:80', hint: "did you mean address: '10.0.0.1' and port: 80?" },
    { address: '10.0.0.1/32', hint: ": drop the prefix: '10.0.0.1'" },
    { address: 'fd00::1/128', hint: ": drop the prefix: 'fd00::1'" },
    { address: 'localhost', hint: 'host names are not resolved' },
    { address: 'db-1.example.com', hint: 'host names are not resolved' },
  ])('the address $address is explained', ({ address, hint }) => {
    expect(ofService({ address })).toContain(hint);
    expect(ofDestination({ address })).toContain(hint);
  });

  test.each([
    { reference: 'http://10.0.0.1', meant: 'tcp://10.0.0.1:80' },
    { reference: 'http://10.0.0.1/', meant: 'tcp://10.0.0.1:80' },
    { reference: 'https://10.0.0.1', meant: 'tcp://10.0.0.1:443' },
    { reference: 'https://[fd00::1]', meant: 'tcp://[fd00::1]:443' },
    { reference: 'HTTP://10.0.0.1:8080', meant: 'tcp://10.0.0.1:8080' },
    { reference: 'TCP://10.0.0.1:80', meant: 'tcp://10.0.0.1:80' },
    { reference: '10.0.0.1:80', meant: 'tcp://10.0.0.1:80' },
    { reference: 'tcp:10.0.0.1:80', meant: 'tcp://10.0.0.1:80' },
    { reference: 'tcp://10.0.0.1:80/', meant: 'tcp://10.0.0.1:80' },
    { reference: ' udp://10.0.0.1:53\n', meant: 'udp://10.0.0.1:53' },
    { reference: 'mark://7', meant: 'fwmark://7' },
    { reference: 'fwm://7', meant: 'fwmark://7' },
    { reference: 'FWMARK6://7', meant: 'fwmark6://7' },
    { reference: 'fwmark://0x7', meant: 'fwmark://7' },
    { reference: 'fwmark6://0x1F', meant: 'fwmark6://31' },
    { reference: 'fwmark://007', meant: 'fwmark://7' },
    { reference: 'tcp://fd00::1:80', meant: 'tcp://[fd00::1]:80' },
    { reference: 'fd00::1:80', meant: 'tcp://[fd00::1]:80' },
    { reference: 'tcp://10.0.0.1/32:80', meant: 'tcp://10.0.0.1:80' },
    { reference: 'tcp://10.0.0.1:80/32', meant: 'tcp://10.0.0.1:80' },
  ])('the reference $reference of a service is taken for $meant', ({ reference, meant }) => {
    expect(messageOf(() => getService(reference))).toContain(`: did you mean '${meant}'?`);
    expect(() => pack(getService(meant))).not.toThrow();
  });

  test.each([
    { reference: 'http://10.0.0.1:80', hint: 'did you mean tcp?' },
    { reference: 'tcp://10.0.0.1', hint: 'it has no port' },
    { reference: 'tcp://[fd00::1]', hint: 'it has no port' },
    { reference: 'tcp://localhost:80', hint: 'host names are not resolved' },
    { reference: 'http://example.com', hint: 'host names are not resolved' },
    { reference: 'x', hint: ': it has no protocol' },
    { reference: 'web', hint: ': it has no protocol' },
    { reference: 'fwmark://0x7', hint: 'a mark is a decimal number' },
    { reference: 'fwmark://x', hint: 'a mark is a decimal number' },
    { reference: 'fwmark://0', hint: 'a mark is a decimal number' },
    {
      reference: 'tcp://10.0.0.1:99999',
      hint: 'service port: 99999 is not an integer from 0 to 65535',
    },
    { reference: 'fwmark://4294967296', hint: 'service mark: 4294967296 is not an integer from 1' },
  ])('the error of the reference $reference of a service says $hint', ({ reference, hint }) => {
    expect(messageOf(() => getService(reference))).toContain(hint);
  });

  test.each(['', 'x', '://', 'tcp://', 'tcp://10.0.0:80', 'tcp://10.0.0.1:port', 'fwmark://x'])(
    'the reference %j of a service is nothing',
    (reference) => {
      expect(messageOf(() => getService(reference))).not.toContain('did you mean');
    },
  );

  test.each([
    { reference: 'tcp://10.0.0.1:80', meant: '10.0.0.1:80' },
    { reference: 'http://10.0.0.1', meant: '10.0.0.1:80' },
    { reference: '[10.0.0.1]:80', meant: '10.0.0.1:80' },
    { reference: '10.0.0.1:80/', meant: '10.0.0.1:80' },
    { reference: ' 10.0.0.1:80', meant: '10.0.0.1:80' },
    { reference: '10.0.0.1/32', meant: '10.0.0.1' },
    { reference: '10.0.0.1/32:80', meant: '10.0.0.1:80' },
    { reference: 'fd00::1/128', meant: '[fd00::1]' },
  ])('the reference $reference of a destination is taken for $meant', ({ reference, meant }) => {
    expect(messageOf(() => untyped.deleteDestination(TCP, reference))).toContain(
      `: did you mean '${meant}'?`,
    );
    expect(() => pack(untyped.deleteDestination(TCP, meant))).not.toThrow();
  });

  test('the name of a host is not resolved', () => {
    expect(messageOf(() => untyped.deleteDestination(TCP, 'web-1:80'))).toContain('not resolved');
  });

  test('a long text takes no time', () => {
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

describe('an argument of another type', () => {
  const { deleteDestination, ensureDestination, ensureService } = untyped;

  test.each([undefined, null, 5])('%j is not a reference', (value) => {
    const rule = 'is not a reference: a string such as ';
    expect(messageOf(() => getService(value))).toContain(`service: ${value} ${rule}`);
    expect(messageOf(() => deleteDestination(value, server))).toContain(rule);
    expect(messageOf(() => deleteDestination(TCP, value))).toContain(
      `destination: ${value} ${rule}'10.0.0.1:80', or an object`,
    );
  });

  test('the error of an array says to pass the members one by one', () => {
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
    {
      make: () => addDestination(TCP, '10.1.1.2:8080'),
      words: "write { address: '10.1.1.2', port: 8080 }",
    },
    { make: () => ensureDestination(TCP, '10.1.1.2'), words: "write { address: '10.1.1.2' }" },
    {
      make: () => addDestination(TCP, '[fd00::2]:80'),
      words: "write { address: 'fd00::2', port: 80 }",
    },
    { make: () => addDestination(TCP, 'x'), words: 'such as { address, port, weight }' },
    {
      make: () => addService('udp://[fd00::1]:53'),
      words: "write { protocol: 'udp', address: 'fd00::1', port: 53 }",
    },
    { make: () => ensureService('fwmark6://7'), words: "write { fwmark: 7, family: 'ipv6' }" },
    { make: () => addService('x'), words: 'such as { protocol, address, port, scheduler }' },
  ])('the error of a string in place of a configuration says $words', ({ make, words }) => {
    expect(messageOf(make)).toContain(words);
  });

  test.each([
    { make: () => addDestination({ address: '10.1.1.2', port: 8080 }, TCP) },
    { make: () => ensureDestination('10.1.1.2:8080', TCP) },
    { make: () => updateDestination('10.1.1.2:8080', tcp, {}) },
    { make: () => deleteDestination({ address: '10.1.1.2' }, mark) },
  ])('row %# has the service behind its destination, and the error says so', ({ make }) => {
    expect(messageOf(make)).toContain('is no service, and the argument behind it is one');
  });

  test('a bad service is not taken for swapped arguments', () => {
    expect(messageOf(() => addDestination({ ...tcp, port: -1 }, server))).toContain(
      'service.port: -1',
    );
  });

  test('an IPv4 address in IPv6 is taken for the IPv4 address', () => {
    expect(ofDestination({ address: '::ffff:10.0.0.1' })).toMatch(/: write 10\.0\.0\.1$/);
  });
});

describe('scheduler flags', () => {
  test.each([
    { scheduler: 'mh', flag: 'fallback', meant: 'mh-fallback' },
    { scheduler: 'mh', flag: 'port', meant: 'mh-port' },
    { scheduler: 'sh', flag: 'fallback', meant: 'sh-fallback' },
  ])('flag $flag of $scheduler is taken for $meant', ({ scheduler, flag, meant }) => {
    expect(ofService({ scheduler, schedulerFlags: [flag] })).toContain(`did you mean ${meant}?`);
  });

  test('are named as they were given if they belong to another scheduler', () => {
    expect(ofService({ scheduler: 'rr', schedulerFlags: ['mh-port'] })).toBe(
      "service.schedulerFlags: 'mh-port' belongs to scheduler mh, not to rr",
    );
  });
});

describe('thresholds', () => {
  test('a lower threshold alone is answered with what to set', () => {
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

  test('named as by ip netns is answered with the path', async () => {
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

test('the list of schedulers is that of the type', () => {
  expectTypeOf<(typeof schedulers)[number]>().toEqualTypeOf<KnownScheduler>();
  expect(new Set(schedulers).size).toBe(schedulers.length);
});
