// The subcommands of `ipvs`, each as a process. ipvsadm shows what they have done.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ipvs, ipvsCommand, runToEnd } from '../helpers/command.js';
import { Namespace } from '../helpers/namespace.js';
import { Traffic } from '../helpers/traffic.js';

const folder = mkdtempSync(join(tmpdir(), 'ipvs-cli-'));
let namespace: Namespace;

beforeAll(() => {
  namespace = new Namespace();
});
afterEach(() => {
  namespace.ipvsadm('-C');
});
afterAll(() => {
  namespace.delete();
  rmSync(folder, { recursive: true });
});

const STATE = `services:
  - protocol: tcp
    address: 10.96.0.1
    port: 80
    scheduler: wrr
    persistence: { timeout: 600, netmask: 24 }
    destinations:
      - { address: 10.1.1.2, port: 8080, forwarding: masquerade, weight: 3 }
      - { address: 10.1.2.2, port: 8080, forwarding: masquerade }
  - fwmark: 7
    family: ipv6
    scheduler: mh
    schedulerFlags: [mh-port]
    destinations:
      - { address: fd00::2, port: 80, forwarding: direct, upperThreshold: 100 }
`;
/** ipvsadm does not save thresholds. */
const SAVED = [
  '-A -f 7 -6 -s mh -b mh-port',
  '-A -t 10.96.0.1:80 -s wrr -p 600 -M 255.255.255.0',
  '-a -f 7 -6 -r [fd00::2]:80 -g -w 1',
  '-a -t 10.96.0.1:80 -r 10.1.1.2:8080 -m -w 3',
  '-a -t 10.96.0.1:80 -r 10.1.2.2:8080 -m -w 1',
];

/** Writes a file, and returns its path. */
function file(text: string, name = 'state.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('diff and apply', () => {
  test('show the same changes, and only apply makes them', () => {
    const path = file(STATE);
    const changes = `+ tcp://10.96.0.1:80
+ tcp://10.96.0.1:80 10.1.2.2:8080
+ tcp://10.96.0.1:80 10.1.1.2:8080
+ fwmark6://7
+ fwmark6://7 [fd00::2]:80
`;
    expect(ipvs(namespace, ['diff', path])).toEqual({ status: 1, output: changes, errors: '' });
    expect(ipvs(namespace, ['apply', '--dry-run', path]).output).toBe(changes);
    expect(namespace.saved()).toEqual([]);
    expect(ipvs(namespace, ['apply', path])).toEqual({ status: 0, output: changes, errors: '' });
    expect(namespace.saved()).toEqual(SAVED);
    expect(ipvs(namespace, ['diff', path])).toEqual({ status: 0, output: '', errors: '' });
  });

  test('read the standard input, and print JSON', () => {
    namespace.ipvsadm('-A', '-t', '10.96.0.1:80', '-s', 'rr');
    const state = '{"services":[{"protocol":"tcp","address":"10.96.0.1","port":80}]}';
    const { status, output } = ipvs(namespace, ['apply', '--json', '-'], state);
    expect(status).toBe(0);
    expect(JSON.parse(output)).toEqual({
      changes: [
        {
          action: 'update',
          service: 'tcp://10.96.0.1:80',
          differences: { scheduler: ['rr', 'wlc'] },
        },
      ],
      unchanged: { services: 0, destinations: 0 },
      draining: [],
      errors: [],
    });
  });

  test('delete only what --prune names', () => {
    const path = file('services: []');
    for (const service of ['10.96.0.1:80', '10.96.0.1:8080', '10.97.0.1:80']) {
      namespace.ipvsadm('-A', '-t', service);
    }
    namespace.ipvsadm('-A', '-f', '7');
    expect(ipvs(namespace, ['apply', path]).output).toBe('');
    const scope = 'network=10.96.0.0/16,port=1-1023,protocol=tcp';
    expect(ipvs(namespace, ['apply', path, '--prune', scope]).output).toBe(
      '- tcp://10.96.0.1:80\n',
    );
    const refused = ipvs(namespace, ['apply', path, '--prune', 'all', '--max-deletions', '2']);
    expect(refused).toMatchObject({ status: 1, output: '' });
    expect(refused.errors).toMatch(
      /would delete 3 services and destinations, which is more than --max-deletions: 2; nothing/,
    );
    expect(ipvs(namespace, ['diff', path, '--prune', 'all'])).toMatchObject({
      status: 1,
      output: expect.stringMatching(/^(- \S+\n){3}$/),
    });
    expect(ipvs(namespace, ['apply', path, '--prune', 'all']).status).toBe(0);
    expect(namespace.saved()).toEqual([]);
  });

  test('keep the settings that --keep names', () => {
    namespace.ipvsadm('-A', '-t', '10.96.0.1:80', '-s', 'wrr', '-p', '600', '-M', '255.255.255.0');
    namespace.ipvsadm('-a', '-t', '10.96.0.1:80', '-r', '10.1.1.2:8080', '-m', '-w', '0');
    const path = file(STATE);
    const changes = (...args: string[]) => ipvs(namespace, ['diff', path, ...args]).output;
    expect(changes()).toContain('~ tcp://10.96.0.1:80 10.1.1.2:8080 weight 0 → 3');
    expect(changes('--keep', 'weight')).not.toContain('10.1.1.2');
  });

  test('report each change that the kernel refuses, and make the others', () => {
    const path = file(`services:
  - { protocol: tcp, address: 10.96.0.1, port: 80 }
  - { protocol: tcp, address: 10.96.0.2, port: 80, scheduler: absent }
`);
    const { status, output, errors } = ipvs(namespace, ['apply', path]);
    expect({ status, output }).toEqual({ status: 1, output: '+ tcp://10.96.0.1:80\n' });
    expect(errors).toMatch(/^ipvs apply: .*tcp:\/\/10\.96\.0\.2:80.*absent.*\n$/);
    const { output: json } = ipvs(namespace, ['apply', '--json', path]);
    expect(JSON.parse(json).errors).toEqual([
      expect.objectContaining({ code: 'ENOENT', target: 'tcp://10.96.0.2:80' }),
    ]);
  });

  test('refuse a file before they do anything', () => {
    const path = file(STATE.replace('weight: 3', 'weight: -3'));
    const message =
      `${path}:8:66: services[0].destinations[0].weight: -3 is not an integer ` +
      'from 0 to 2147483647\n';
    const refusal = { status: 2, output: '' };
    expect(ipvs(namespace, ['apply', path])).toEqual({
      ...refusal,
      errors: `ipvs apply: ${message}`,
    });
    expect(ipvs(namespace, ['diff', path])).toEqual({
      ...refusal,
      errors: `ipvs diff: ${message}`,
    });
    const twice = file(`services:
  - { protocol: tcp, address: 10.96.0.1, port: 80 }
  - { protocol: tcp, address: 10.96.0.1, port: 80 }
`);
    expect(ipvs(namespace, ['apply', twice])).toEqual({
      ...refusal,
      errors: expect.stringContaining(
        `${twice}:3:5: services[1]: 'tcp://10.96.0.1:80' is wanted twice: it is services[0] already`,
      ),
    });
    expect(ipvs(namespace, ['apply', join(folder, 'absent')])).toEqual({
      ...refusal,
      errors: expect.stringContaining(`${folder}/absent: cannot be read: ENOENT`),
    });
    expect(namespace.saved()).toEqual([]);
  });
});

describe('save and restore', () => {
  test.each([
    ['yaml', []],
    ['json', ['--json']],
  ])('keep a table as %s', (format, args) => {
    ipvs(namespace, ['apply', '-'], STATE);
    const { status, output } = ipvs(namespace, ['save', ...args]);
    expect(status).toBe(0);
    namespace.ipvsadm('-E', '-t', '10.96.0.1:80', '-s', 'rr');
    namespace.ipvsadm('-D', '-f', '7', '-6');
    namespace.ipvsadm('-A', '-t', '10.96.0.9:80');
    const restored = ipvs(namespace, ['restore'], output);
    expect(restored.status).toBe(0);
    expect(restored.output).toContain('- tcp://10.96.0.9:80\n');
    expect(namespace.saved()).toEqual(SAVED);
    expect(ipvs(namespace, ['restore', file(output, `saved.${format}`)])).toEqual({
      status: 0,
      output: '',
      errors: '',
    });
  });
});

describe('save --format rules', () => {
  test('prints what ipvsadm saves, and reports what that lacks', () => {
    ipvs(namespace, ['apply', '-'], STATE);
    const { status, output, errors } = ipvs(namespace, ['save', '--format', 'rules']);
    expect(output).toBe(namespace.ipvsadm('-Sn'));
    expect({ status, errors }).toEqual({
      status: 1,
      errors: 'ipvs save: not saved: fwmark6://7 [fd00::2]:80 upperThreshold 100\n',
    });
    const exact = ipvs(namespace, ['save', '--format', 'rules', '--exact']);
    expect(exact).toMatchObject({ status: 0, errors: '' });
    expect(ipvs(namespace, ['diff', '--prune', 'all', '-'], exact.output)).toEqual({
      status: 0,
      output: '',
      errors: '',
    });
    expect(ipvs(namespace, ['diff', '--prune', 'all', '-'], output)).toEqual({
      status: 1,
      output: '~ fwmark6://7 [fd00::2]:80 upperThreshold 100 → 0\n',
      errors: '',
    });
  });
});

describe('list', () => {
  test('prints a table, sorted', () => {
    ipvs(namespace, ['apply', '-'], STATE);
    expect(ipvs(namespace, ['list'])).toEqual({
      status: 0,
      errors: '',
      output: `SERVICE, DESTINATION  SCHEDULER, FORWARDING  WEIGHT  ACTIVE  INACTIVE  SETTINGS
tcp://10.96.0.1:80    wrr                                 0         0  persistence 600 s, netmask 255.255.255.0
  10.1.1.2:8080       masquerade                  3       0         0
  10.1.2.2:8080       masquerade                  1       0         0
fwmark6://7           mh mh-port                          0         0
  [fd00::2]:80        direct                      1       0         0  upper threshold 100
`,
    });
    const { output } = ipvs(namespace, ['list', '--stats', 'fwmark6://7']);
    expect(output.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['SERVICE, DESTINATION', 'CONNECTIONS', 'IN PACKETS', 'OUT PACKETS', 'IN BYTES', 'OUT BYTES'],
      ['fwmark6://7', '0', '0', '0', '0', '0'],
      ['', '[fd00::2]:80', '0', '0', '0', '0', '0'],
      [''],
    ]);
  });

  test('prints the snapshot as JSON', () => {
    ipvs(namespace, ['apply', '-'], STATE);
    const { services } = JSON.parse(ipvs(namespace, ['list', '--json']).output);
    expect(services.map(({ fwmark, port }: Record<string, unknown>) => fwmark ?? port)).toEqual([
      80, 7,
    ]);
    expect(services[0].destinations[0]).toMatchObject({ weight: 3, stats: { connections: 0 } });
  });

  test('fails if there is no such service or namespace', () => {
    const absent = ipvs(namespace, ['list', 'tcp://10.96.0.1:80']);
    expect(absent).toMatchObject({ status: 1, output: '' });
    expect(absent.errors).toMatch(
      /^ipvs list: .*tcp:\/\/10\.96\.0\.1:80: there is no such service/,
    );
    expect(runToEnd([...ipvsCommand(), 'list', '--netns', 'absent'])).toMatchObject({
      status: 1,
      errors: expect.stringContaining('/run/netns/absent: there is no such network namespace'),
    });
  });

  test.each([
    [['list', 'web'], /^ipvs list: SERVICE: 'web' is not a service: /],
    [['list', ''], /^ipvs list: SERVICE: '' is not a service: /],
    [['diff', ''], /^ipvs diff: '': cannot be read: ENOENT/],
    [['diagnose', '--scheduler', ''], /^ipvs diagnose: --scheduler\[0\]: '' is not a name of /],
    [['connections', '--by', 'state,state'], /^ipvs connections: --by: 'state' is given twice\n/],
    [
      ['connections', '--client', '10.0.0.0/33'],
      /^ipvs connections: --client prefix: 33 is not an integer from 0 to 32/,
    ],
    [
      ['apply', '--prune', 'network=10.0.0.0/33', '-'],
      /^ipvs apply: --prune\[0\]\.networks\[0\] prefix: 33 is not an integer from 0 to 32/,
    ],
  ])('%j is bad usage, which has a status of its own', (args, message) => {
    const { status, output, errors } = runToEnd([...ipvsCommand(), ...args], 'services: []');
    expect({ status, output }).toEqual({ status: 2, output: '' });
    expect(errors).toMatch(message);
  });
});

test.each([
  ['list', 1],
  ['help', 1],
  ['save', 1],
  ['diff', 2],
])('%s says in a line that its output cannot be written', (name, status) => {
  namespace.ipvsadm('-A', '-t', '10.96.0.1:80');
  const args = name === 'diff' ? ['diff', '--prune', 'all', '-'] : [name];
  const script = 'exec "$@" >/dev/full';
  const words = ['ip', 'netns', 'exec', namespace.name, 'sh', '-c', script, 'sh'];
  expect(runToEnd([...words, ...ipvsCommand(), ...args], '{"services":[]}')).toEqual({
    status,
    output: '',
    errors: 'ipvs: the output cannot be written: ENOSPC: no space left on device, write\n',
  });
});

test.each([['list'], ['save'], ['-Ln']])(
  '%s ends without a word when its reader has gone',
  (name) => {
    // The output must be larger than the pipe and what a reader has read before it ends.
    const lines = Array.from({ length: 10_000 }, (_, at) => `10.${at >> 8}.${at & 255}.1:80`);
    namespace.restore(lines.map((address) => `-A -t ${address}`));
    const script = '{ { "$@"; echo $? >&3; } | head -n 1; } 3>&1';
    const words = ['ip', 'netns', 'exec', namespace.name, 'bash', '-c', script, 'bash'];
    const { output, errors } = runToEnd([...words, ...ipvsCommand(), name]);
    expect(errors).toBe('');
    expect(output).toMatch(/^.+\n141\n$/);
  },
);

describe('--netns', () => {
  test('is a name, a path or a pid', () => {
    namespace.ipvsadm('-A', '-t', '10.96.0.1:80');
    const holder = spawn('ip', ['netns', 'exec', namespace.name, 'sleep', '1000']);
    try {
      for (const netns of [namespace.name, namespace.path]) {
        const { output } = runToEnd([...ipvsCommand(), 'list', '--netns', netns]);
        expect(output, netns).toContain('tcp://10.96.0.1:80');
      }
      // ip replaces itself with the program.
      const waited = runToEnd([
        'sh',
        '-c',
        'while ! [ "$(ip netns identify "$1")" ]; do sleep 0.1; done; shift; exec "$@"',
        'sh',
        String(holder.pid),
        ...ipvsCommand(),
        'list',
        '--netns',
        String(holder.pid),
      ]);
      expect(waited.output).toContain('tcp://10.96.0.1:80');
    } finally {
      holder.kill();
    }
  });
});

describe('connections', () => {
  test('are listed and counted', async () => {
    ipvs(
      namespace,
      ['apply', '-'],
      `services:
  - protocol: tcp
    address: 127.0.0.1
    port: 80
    destinations: [{ address: 127.0.0.1, port: 8080, forwarding: masquerade }]
`,
    );
    const traffic = new Traffic(namespace);
    try {
      await traffic.listen('tcp', ['127.0.0.1', 8080]);
      for (let index = 0; index < 3; index++) {
        await traffic.connect({ protocol: 'tcp', to: ['127.0.0.1', 80], data: 'x' });
      }
      const listed = ipvs(namespace, ['connections', '--service', 'tcp://127.0.0.1:80']);
      expect(listed.status).toBe(0);
      const [titles, ...rows] = listed.output.trimEnd().split('\n');
      expect(titles?.split(/ +/)).toEqual([
        'PROTOCOL',
        'STATE',
        'EXPIRES',
        'CLIENT',
        'VIRTUAL',
        'DESTINATION',
      ]);
      expect(rows).toHaveLength(3);
      for (const row of rows) {
        expect(row).toMatch(
          /^tcp {7}ESTABLISHED +\d+ {2}127\.0\.0\.1:\d+ +127\.0\.0\.1:80 +127\.0\.0\.1:8080$/,
        );
      }
      const by = ['connections', '--by', 'destination,state'];
      expect(ipvs(namespace, by).output).toBe(
        'DESTINATION     STATE        COUNT\n127.0.0.1:8080  ESTABLISHED      3\n',
      );
      expect(JSON.parse(ipvs(namespace, [...by, '--json']).output)).toEqual([
        {
          count: 3,
          destination: { address: '127.0.0.1', port: 8080 },
          state: 'ESTABLISHED',
        },
      ]);
      const lines = ipvs(namespace, ['connections', '--json']).output.trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line).state)).toEqual(new Array(3).fill('ESTABLISHED'));
      const count = (...args: string[]) =>
        ipvs(namespace, ['connections', '--count', ...args]).output;
      expect(count('--state', 'ESTABLISHED')).toBe('3\n');
      expect(count('--client', '10.0.0.0/8')).toBe('0\n');

      // Without the destination, which has connections.
      const wanted = `services: [{ protocol: tcp, address: 127.0.0.1, port: 80, destinations: [] }]`;
      const counts = '3 active and 0 inactive connections';
      expect(ipvs(namespace, ['apply', '--drain', '-'], wanted)).toEqual({
        status: 0,
        output:
          '~ tcp://127.0.0.1:80 127.0.0.1:8080 weight 1 → 0\n' +
          `  tcp://127.0.0.1:80 127.0.0.1:8080 drains: ${counts}\n`,
        errors: '',
      });
      const { status, output } = ipvs(namespace, ['diff', '--drain', '--json', '-'], wanted);
      expect(status).toBe(0);
      expect(JSON.parse(output)).toMatchObject({
        changes: [],
        draining: [{ activeConnections: 3 }],
      });
    } finally {
      traffic.stop();
    }
  });
});

describe('diagnose', () => {
  test('has the status 1 if a needed scheduler is missing', () => {
    const present = ipvs(namespace, ['diagnose', '--scheduler', 'rr']);
    expect(present).toMatchObject({ status: 0, errors: '' });
    expect(present.output).toMatch(/^ok {7}scheduler rr: available$/m);
    const absent = ipvs(namespace, ['diagnose', '--scheduler', 'absent', '--json']);
    expect(absent.status).toBe(1);
    expect(JSON.parse(absent.output)).toContainEqual(
      expect.objectContaining({ name: 'scheduler absent', status: 'missing' }),
    );
  });
});

describe('output', () => {
  test('to a reader that has gone ends the command, without a word', () => {
    const script = '{ "$@"; echo "status $?" >&2; } | true';
    const words = [...ipvsCommand(), 'list', '--json', '--netns', namespace.name];
    const { errors } = runToEnd(['sh', '-c', script, 'sh', ...words]);
    expect(errors).toBe('status 141\n');
  });

  test('has colours in a terminal only, and not with NO_COLOR', () => {
    const path = file('services: [{ protocol: tcp, address: 10.96.0.1, port: 80 }]');
    const words = [...ipvsCommand(), 'diff', path, '--netns', namespace.name].join(' ');
    const inTerminal = (prefix: string) =>
      runToEnd(['script', '--quiet', '--command', `${prefix} ${words}`, '/dev/null']).output;
    expect(inTerminal('env -u NO_COLOR TERM=xterm')).toBe(
      '\u001b[32m+ tcp://10.96.0.1:80\u001b[0m\r\n',
    );
    expect(inTerminal('env NO_COLOR=1 TERM=xterm')).toBe('+ tcp://10.96.0.1:80\r\n');
    expect(ipvs(namespace, ['diff', path]).output).toBe('+ tcp://10.96.0.1:80\n');
  });
});
