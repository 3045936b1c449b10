import { isInputError, normalizeDestination, normalizeService, type State } from 'ipvs';
import { isRulesError, parseRules } from 'ipvs/ipvsadm';
import { describe, expect, test, vi } from 'vitest';

const web = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;
const service = normalizeService(web);
const server = normalizeDestination(web, { address: '10.1.0.1', port: 80 });

/** Texts and the services that they make. */
const texts: readonly (readonly [string, string, State['services']])[] = [
  ['nothing', '', []],
  ['comments and blank lines', '# -A\n\n  \t\n  # x', []],
  ['a service', '-A -t 10.0.0.1:80', [{ ...service, destinations: [] }]],
  [
    'the name of the program, with a path or without',
    'ipvsadm -A -t 10.0.0.1:80\n/sbin/ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.1:80',
    [{ ...service, destinations: [server] }],
  ],
  [
    'long options, attached values and letters in one word',
    '--add-service --tcp-service=10.0.0.1:80\n-at10.0.0.1:80 -r10.1.0.1 -gw1',
    [{ ...service, destinations: [server] }],
  ],
  [
    'quotes, a trailing comment and a continued line',
    `-A -t "10.0.0.1:80" # web\n-a -t '10.0.0.1':80 \\\n  -r 10.1.0.1`,
    [{ ...service, destinations: [server] }],
  ],
  ['Windows line ends', '-A -t 10.0.0.1:80\r\n', [{ ...service, destinations: [] }]],
  [
    'a server before its service',
    '-a -t 10.0.0.1:80 -r 10.1.0.1\n-A -t 10.0.0.1:80',
    [{ ...service, destinations: [server] }],
  ],
  [
    '-E, which resets what it does not name, and -e',
    '-A -t 10.0.0.1:80 -s rr -p\n-a -t 10.0.0.1:80 -r 10.1.0.1 -w 5\n' +
      '-E -t 10.0.0.1:80\n-e -t 10.0.0.1:80 -r 10.1.0.1',
    [{ ...service, destinations: [server] }],
  ],
  [
    '-d and -D, also of what is not there',
    '-D -f 9\n-A -f 1\n-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1\n' +
      '-d -t 10.0.0.1:80 -r 10.1.0.1\n-d -t 10.0.0.1:80 -r 10.1.0.2\n-D -f 1',
    [{ ...service, destinations: [] }],
  ],
  ['-C', '-A -f 1\n-C\n-A -t 10.0.0.1:80', [{ ...service, destinations: [] }]],
  [
    'a scheduler and a method of forwarding without a name',
    '-A -t 10.0.0.1:80 -s (null)\n-a -t 10.0.0.1:80 -r 10.1.0.1 (null) -w 1',
    [{ ...service, destinations: [server] }],
  ],
  [
    'flags without a name',
    '-A -t 10.0.0.1:80 -s sh -b ',
    [{ ...normalizeService({ ...web, scheduler: 'sh' }), destinations: [] }],
  ],
  [
    'an engine that is called like an option',
    '-A -f 1 -p 5 --pe -b',
    [
      {
        ...normalizeService({ fwmark: 1, persistence: { timeout: 5, engine: '-b' } }),
        destinations: [],
      },
    ],
  ],
  [
    '360 seconds for -p',
    '-A -f 4294967295 -6 -p -M 64',
    [
      {
        ...normalizeService({
          fwmark: 4294967295,
          family: 'ipv6',
          persistence: { timeout: 360, netmask: 64 },
        }),
        destinations: [],
      },
    ],
  ],
  [
    'the port of the service, unless the server is masqueraded to',
    '-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1:9090\n' +
      '-a -t 10.0.0.1:80 -r 10.1.0.1:9090 -m',
    [
      {
        ...service,
        destinations: [
          server,
          normalizeDestination(web, { address: '10.1.0.1', port: 9090, forwarding: 'masquerade' }),
        ],
      },
    ],
  ],
];

test.each(texts)('parseRules reads %s', (_, text, services) => {
  expect(parseRules(text)).toEqual({ services });
});

test('parseRules asks for an IPv6 address of a name in brackets', () => {
  const resolve = vi.fn((_name: string, _kind: string, family?: 'ipv6') =>
    family === undefined ? '10.0.0.1' : 'fd00::1',
  );
  const { services } = parseRules('-A -t web:80\n-A -t [web]:80', { resolve });
  expect(services.map((each) => each.address)).toEqual(['10.0.0.1', 'fd00::1']);
  expect(resolve.mock.calls).toEqual([
    ['web', 'host', undefined],
    ['web', 'host', 'ipv6'],
  ]);
});

test('parseRules finds names with resolve', () => {
  const asked: string[] = [];
  const { services } = parseRules(
    '-A -t www:http\n-a -t www:http -r a.example -m\n-A -u [dns6]:domain\n-A -f 1\n' +
      '-a -f 1 -r a.example:http',
    {
      resolve: (name, kind) => {
        asked.push(`${kind} ${name}`);
        return { www: '10.0.0.1', 'a.example': '10.1.0.1', dns6: 'fd00::1', http: 80, domain: 53 }[
          name
        ];
      },
    },
  );
  expect(services.map(({ address, port }) => [address, port])).toEqual([
    ['10.0.0.1', 80],
    ['fd00::1', 53],
    [undefined, undefined],
  ]);
  expect(services[0]?.destinations?.[0]).toMatchObject({ address: '10.1.0.1', port: 80 });
  expect(new Set(asked)).toEqual(
    new Set(['host www', 'tcp http', 'host a.example', 'host dns6', 'udp domain']),
  );
});

test('parseRules returns timeouts and sync daemons beside the services', () => {
  const text = '--set 0 60 0\n--set 100 0 0\n--start-daemon backup --syncid 3 --mcast-ttl 5';
  expect(parseRules(text)).toEqual({
    services: [],
    timeouts: { tcp: 100, tcpFin: 60 },
    syncDaemons: [{ role: 'backup', interface: 'eth0', syncId: 3, ttl: 5 }],
  });
  expect(parseRules(`${text}\n--stop-daemon backup`).syncDaemons).toEqual([]);
});

test('parseRules accepts what the kernel has, though the library would not add it', () => {
  const [multicast] = parseRules('-A -t 224.0.0.1:80 -s rr').services;
  expect(multicast).toMatchObject({ address: '224.0.0.1', scheduler: 'rr' });
  expect(multicast).toHaveProperty('stats.connections', 0);
  const [inactive] = parseRules('-A -t 10.0.0.1:80 --pe sip').services;
  expect(inactive).toMatchObject({ persistence: null, inactivePersistence: { engine: 'sip' } });
});

/** Bad texts: the place, the word, and a part of the rule. */
const bad: readonly (readonly [string, number, number, string, RegExp])[] = [
  ['-A -t 10.0.0.1:99999', 1, 7, '10.0.0.1:99999', /is not the address of a service/],
  ['\n  -A -t10.0.0.300:80', 2, 6, '-t10.0.0.300:80', /is not the address of a service/],
  ['-A -t www:80', 1, 7, 'www:80', /names the host 'www': pass options.resolve/],
  ['-A -t 10.0.0.1:http', 1, 7, '10.0.0.1:http', /the service 'http' of tcp: pass options/],
  ['-A -t [10.0.0.1]:80', 1, 7, '[10.0.0.1]:80', /is not the address of a service/],
  ['-a -t 10.0.0.1:80 -r x -w many', 1, 22, 'x', /names the host 'x'/],
  ['-a -t 10.0.0.1:80 -r 10.1.0.1 -w many', 1, 34, 'many', /an integer from 0 to 2147483647/],
  ['-A -f 0', 1, 7, '0', /is not a firewall mark/],
  ['-A -6 -f 1', 1, 4, '-6', /goes behind -f/],
  ['-A -t 10.0.0.1:80 -p 0', 1, 22, '0', /1 to 2678400 seconds/],
  ['-A -t 10.0.0.1:80 -M x', 1, 22, 'x', /names the host/],
  ['-A -t 10.0.0.1:80 -M ::', 1, 22, '::', /is not a dotted mask/],
  ['-A -t [fd00::1]:80 -M 129', 1, 23, '129', /prefix length/],
  ['-A -t 10.0.0.1:80 -b x', 1, 22, 'x', /none of sh-fallback/],
  ['-A -t 10.0.0.1:80 -b sh-port', 1, 22, 'sh-port', /belongs to scheduler sh/],
  ['-A -t 10.0.0.1', 1, 7, '10.0.0.1', /has port 0/],
  ['-A -t 10.0.0.1:80 -o', 1, 19, '-o', /only for udp/],
  ['-A -t 10.0.0.1:80 -z', 1, 19, '-z', /unknown option/],
  ['-A -t 10.0.0.1:80 -s', 1, 19, '-s', /lacks its value/],
  ['-A -t 10.0.0.1:80 -t 10.0.0.2:80', 1, 19, '-t', /repeats/],
  ['-A -t 10.0.0.1:80 x', 1, 19, 'x', /one word too many/],
  ['-A -t 10.0.0.1:80 -w 3', 1, 22, '3', /Illegal 'weight' option/],
  ['-A -s rr', 1, 1, '-A', /need to supply the 'service-address'/],
  ['-A -t 10.0.0.1:80 -A', 1, 19, '-A', /second command/],
  ['x', 1, 1, 'x', /no command/],
  ['-t 10.0.0.1:80 -A', 1, 1, '-t', /no command/],
  ['-L -n', 1, 1, '-L', /changes nothing/],
  ['-a -t 10.0.0.1:80 -r fd00::1', 1, 22, 'fd00::1', /another address family/],
  ['-a -f 1 -r 10.1.0.1 --tun-csum', 1, 21, '--tun-csum', /tunnel \(-i\) only/],
  ['-a -f 1 -r 10.1.0.1 -i --tun-type x', 1, 35, 'x', /one of ipip, gue, gre/],
  ['--set 1 2', 1, 1, '--set', /three timeouts/],
  ['--set 1 2 x', 1, 11, 'x', /0 to 2678400 seconds/],
  ['--start-daemon both', 1, 16, 'both', /neither master nor backup/],
  ["-A -t '10.0.0.1:80", 1, 7, "'10.0.0.1:80", /without an end/],
  ['-a -f 1 -r 10.1.0.1', 1, 12, '10.1.0.1', /belongs to fwmark:\/\/1, which no line adds/],
  ['-A -f 1\n-A -f 1', 2, 7, '1', /is added twice: first in line 1/],
  ['-A -f 1\n-a -f 1 -r ::1 -i\n-a -f 1 -r ::1 -i', 3, 12, '::1', /first in line 2/],
  ['-E -f 1', 1, 7, '1', /no service of the lines before/],
  ['-A -f 1\n-e -f 1 -r 10.1.0.1', 2, 12, '10.1.0.1', /no server of its service/],
  ['-A -f 1\n-a -f 1 -r 10.1.0.1 -x 1 -y 2', 2, 12, '10.1.0.1', /above the upper threshold/],
  ['-A -f 1\n-a -f 1 -r 224.0.0.1', 2, 12, '224.0.0.1', /not a unicast address/],
  ['#ipvs with {}', 1, 7, 'with {}', /follows no line/],
  ['#ipvs x {}', 1, 7, 'x {}', /no exact comment/],
  ['-A -f 1\n#ipvs with {"wieght":1}', 1, 7, '1', /wieght/],
  ['-A -f 1\n#ipvs with {"fwmark":1}', 2, 7, 'with {"fwmark":1}', /changes the fwmark/],
  [
    '-A -f 1\n#ipvs with {"destinations":null}\n-a -f 1 -r 10.1.0.1',
    3,
    12,
    '10.1.0.1',
    /whose destinations are left alone/,
  ],
  ['-A -f 1\n-a -f 1 -r 10.1.0.1\n#ipvs with {"destinations":null}', 2, 12, '10.1.0.1', /'destin/],
  ['#ipvs host {"timeouts":{"tcp":0}}', 1, 7, 'host {"timeouts":{"tcp":0}}', /timeouts.tcp/],
];

test.each([
  ['', 'service {"fwmark":1,"destinations":[{"address":"10.1.0.1"}]}', /need lines of their own/],
  ['', 'service {"fwmark":1,"destinations":[]}', /need lines of their own/],
  ['-A -f 1', 'with {"destinations":[]}', /need lines of their own/],
  ['-a -f 1 -r 10.1.0.1', 'service {"fwmark":1,"destinations":null}', /although lines before/],
  ['-a -f 1 -r 10.1.0.1\n-A -f 1', 'with {"destinations":null}', /although lines before/],
  [
    '-A -f 1',
    'server {"service":"fwmark://1","destination":{"address":"10.1.0.1"},"weight":2}',
    /has the unknown 'weight'/,
  ],
])('parseRules refuses what an exact comment would drop: after %j, %s', (before, comment, rule) => {
  const line = before.split('\n').length + 1;
  expect(() => parseRules(`${before}\n#ipvs ${comment}`)).toThrow(
    expect.objectContaining({ line, column: 7, word: comment, rule: expect.stringMatching(rule) }),
  );
});

test.each(bad)('parseRules says what is wrong with %j', (text, line, column, word, rule) => {
  let thrown: unknown;
  try {
    parseRules(text);
  } catch (error) {
    thrown = error;
  }
  expect(isInputError(thrown) && isRulesError(thrown)).toBe(true);
  expect(thrown).toMatchObject({ line, column, word, rule: expect.stringMatching(rule) });
  const { message, rule: said } = thrown as { message: string; rule: string };
  expect(message).toContain(`parseRules: line ${line}, column ${column}: `);
  expect(message).toContain(said);
});

describe('bad arguments', () => {
  test.each([
    [[5], /text: 5 is not a string/],
    [['', { resolve: 5 }], /options.resolve: 5 is not a function/],
    [['', { resolv: () => 80 }], /did you mean resolve\?/],
    [['', {}, 1], /at most 2 arguments/],
  ])('parseRules refuses %j', (args, message) => {
    const call = parseRules as (...args: readonly unknown[]) => unknown;
    expect(() => call(...args)).toThrow(message);
  });

  test.each([
    [() => undefined, /which options.resolve does not find/],
    [() => 5, /must return an address, a string, at once/],
    [() => Promise.resolve('10.0.0.1'), /must return an address, a string, at once/],
  ])('parseRules refuses what resolve returns: %s', (resolve, message) => {
    const options = { resolve: resolve as () => undefined };
    expect(() => parseRules('-A -t www:80', options)).toThrow(message);
  });
});
