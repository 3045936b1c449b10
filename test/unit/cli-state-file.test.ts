import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputFileError } from '../../lib/cli/failures.js';
import { parseDocument } from '../../lib/cli/state-file/document.js';
import { parseStateFile } from '../../lib/cli/state-file/read.js';
import { formatState, stateOf } from '../../lib/cli/state-file/write.js';
import {
  normalizeDestination,
  normalizeService,
  type Snapshot,
  type Stats,
  type WantedService,
} from '../../lib/index.js';
import { serviceAndDestination, serviceConfig } from './helpers/arbitraries.js';

const STATE = {
  services: [
    {
      protocol: 'tcp',
      address: '10.96.0.1',
      port: 80,
      destinations: [{ address: '10.1.1.2', port: 8080, forwarding: 'masquerade', weight: 3 }],
    },
  ],
};

/** Returns the message of the error for a text. */
async function refusal(text: string, name = 'f'): Promise<string> {
  try {
    await parseStateFile(name, text);
  } catch (error) {
    expect(error).toBeInstanceOf(InputFileError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error(`accepted: ${text}`);
}

describe('a state file', () => {
  test.each([
    ['JSON', JSON.stringify(STATE)],
    ['JSON with tabs', JSON.stringify(STATE, null, '\t')],
    ['JSON with a schema', JSON.stringify({ $schema: 'https://example.com/x', ...STATE })],
    [
      'YAML',
      `# comment
services:
  - protocol: tcp
    address: 10.96.0.1
    port: 80
    destinations:
      - { address: 10.1.1.2, port: 8080, forwarding: masquerade, weight: 3 }
`,
    ],
    [
      'YAML with anchors and merge keys',
      `services:
  - protocol: tcp
    address: 10.96.0.1
    port: 80
    destinations:
      - &server { address: 10.1.1.2, port: 8080, forwarding: masquerade, weight: 3 }
`,
    ],
  ])('is %s', async (_, text) => {
    expect((await parseStateFile('f', text)).state).toEqual(STATE);
  });

  test('may use merge keys', async () => {
    const { state } = await parseStateFile(
      'f',
      `services:
  - &web { protocol: tcp, address: 10.96.0.1, port: 80 }
  - { <<: *web, port: 81 }
`,
    );
    expect(state.services[1]).toEqual({ protocol: 'tcp', address: '10.96.0.1', port: 81 });
  });

  const yaml = (line: string) => `services:
  - protocol: tcp
    address: 10.96.0.1
    port: 80
    destinations:
      - address: 10.1.1.2
        forwarding: masquerade
${line}
`;

  test.each([
    [
      '        weight: -1',
      'f:8:9: services[0].destinations[0].weight: -1 is not an integer from 0 to 2147483647 ',
    ],
    [
      '        wieght: 1',
      "f:8:9: services[0].destinations[0].wieght: 'wieght' is not a known property: did you mean weight?",
    ],
    [
      "        'port': '80'",
      "f:8:9: services[0].destinations[0].port: '80' is not an integer from 0 to 65535: did you mean 80, a number?",
    ],
    [
      '    backends: []',
      "f:8:5: services[0].backends: 'backends' is not a known property: did you mean destinations?",
    ],
    [
      '      - 10.1.1.3:80',
      /^f:8:9: services\[0\]\.destinations\[1\]: '10\.1\.1\.3:80' is not an object/,
    ],
    [
      '      - { port: 80 }',
      /^f:8:9: services\[0\]\.destinations\[1\]\.address: undefined is not an IPv4/,
    ],
    [
      '    persistence: { timeout: 0 }',
      'f:8:20: services[0].persistence.timeout: 0 is not an integer from 1 to 2678400 seconds',
    ],
    [
      '    schedulerFlags: mh',
      "f:8:5: services[0].schedulerFlags: 'mh' is not an array of scheduler flags",
    ],
    ['  - { protocol: tcp, port: 80 }', /^f:8:5: services\[1\]\.address: undefined is not/],
    ['  - web', "f:8:5: services[1]: 'web' is not an object: a service and its destinations"],
    ['extra: 1', "f:8:1: extra: 'extra' is not a known property: one of services"],
  ])('with the line %j is refused with place, path, value and rule', async (line, message) => {
    const found = await refusal(yaml(line));
    if (typeof message === 'string') expect(found).toBe(message.trim());
    else expect(found).toMatch(message);
  });

  test.each([
    [
      '{"services":[{"protocol":"tcp"}]}',
      'f:1:14: services[0].address: undefined is not an IPv4 or IPv6 address without port, prefix or zone',
    ],
    ['{"services": {}}', 'f:1:2: services: {} is not an array of services'],
    ['{}', 'f:1:1: services: undefined is not an array of services'],
    ['[]', 'f:1:1: [] is not an object: write { services: [...] }'],
    ['7', 'f:1:1: 7 is not an object: write { services: [...] }'],
    ['{"services": [], "services": []}', 'f:1:19: duplicated mapping key'],
    ['{"services": [}', /^f:1:15: /],
    ['services: [', /^f:\d+:\d+: /],
    ['', 'f: the text is empty: say --format rules if nothing is wanted'],
    ['# nothing\n', 'f: the text is empty: say --format rules if nothing is wanted'],
    ['services: []\n---\nservices: []\n', 'f: there is more than one document'],
    ['services: *x\n', 'f:1:12: unidentified alias "x"'],
    ['{"$schema": 1, "services": []}', /^f:1:2: \$schema/],
  ])('%j is refused', async (text, message) => {
    const found = await refusal(text);
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
  });

  test('that goes wrong in an alias is refused with the place of the alias', async () => {
    const text = `services:
  - &web { protocol: tcp, address: 10.96.0.1, port: 80, destinations: [{ address: 10.1.1.2 }] }
  - { <<: *web, port: 81, destinations: &list [{ address: 10.1.1.2, weight: x }] }
  - { <<: *web, port: 82, destinations: *list }
`;
    expect(await refusal(text)).toMatch(
      /^f:3:\d+: services\[1\]\.destinations\[0\]\.weight: 'x' is not/,
    );
    const later = text.replace('weight: x', 'port: 81').replace('*list', '*list');
    expect(await refusal(later)).toMatch(
      /^f:4:\d+: services\[2\]\.destinations\[0\]\.port: 81 does/,
    );
  });
});

describe('a file of rules', () => {
  const RULES = `# the web servers
-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 10.1.1.2:8080 -m -w 3
`;
  const isRead = async (name: string, text: string, format?: string) => {
    const { state } = await parseStateFile(name, text, format);
    expect(state.services).toEqual([
      {
        ...normalizeService({ protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler: 'rr' }),
        destinations: [
          normalizeDestination('tcp://10.96.0.1:80', {
            address: '10.1.1.2',
            port: 8080,
            forwarding: 'masquerade',
            weight: 3,
          }),
        ],
      },
    ]);
  };

  test.each([
    ['its text', 'f', RULES, undefined],
    [
      'its text, with the name of the program',
      'f',
      RULES.replaceAll(/^-/gm, 'ipvsadm -'),
      undefined,
    ],
    [
      'its text, with the path of the program',
      'f',
      RULES.replaceAll(/^-/gm, '/sbin/ipvsadm -'),
      undefined,
    ],
    ['its extension', 'f.rules', RULES, undefined],
    ['its format, whatever its extension is', 'f.yaml', RULES, 'rules'],
  ])('is known by %s', (_, name, text, format) => isRead(name, text, format));

  test('may be empty if its extension or its format says what it is', async () => {
    expect((await parseStateFile('f.rules', '')).state).toEqual({ services: [] });
    expect((await parseStateFile('f', '', 'rules')).state).toEqual({ services: [] });
    expect(await refusal('', 'f.yaml')).toBe('f.yaml: the text is empty');
  });

  test('is known by an exact comment alone, unlike YAML with any comment', async () => {
    const { state } = await parseStateFile('f', '#ipvs service {"fwmark":1}\n');
    expect(state.services).toEqual([{ ...normalizeService({ fwmark: 1 }), destinations: [] }]);
    const yaml = await parseStateFile('f', '#ipvs service of the site\nservices: []\n');
    expect(yaml.state).toEqual({ services: [] });
  });

  test('may have names of hosts and services', async () => {
    await isRead('f', RULES.replaceAll('10.96.0.1:80', '10.96.0.1:http'));
    const { state } = await parseStateFile('f', RULES.replaceAll('10.96.0.1', 'localhost'));
    expect(state.services[0]).toMatchObject({ address: '127.0.0.1', port: 80 });
  });

  test.each([
    [`${RULES}-a -t 10.96.0.1:80 -r 10.1.2.2:8080 -m -w many`, /^f:4:43: 'many' is not an integer/],
    [`${RULES}-A -t 10.96.0.1:80`, /^f:4:7: '10\.96\.0\.1:80' /],
    [
      '-A -t host.invalid:80',
      "f:1:7: 'host.invalid:80' names the host 'host.invalid', for which the system's resolver has no IPv4 address",
    ],
    [
      '-A -t 10.96.0.1:nosuch',
      "f:1:7: '10.96.0.1:nosuch' names the service 'nosuch' of tcp, which /etc/services does not have",
    ],
    ['--set 1 2 3', "f: sets timeouts, which is no part of a state: use 'ipvs -R'"],
    [
      '--start-daemon master --mcast-interface lo',
      "f: starts sync daemons, which is no part of a state: use 'ipvs -R'",
    ],
  ])('%j is refused', async (text, message) => {
    const found = await refusal(text);
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
});

describe('the position of a value', () => {
  test('is that of the value in any document', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3, noUnicodeString: false }),
        fc.constantFrom(undefined, 2, '\t'),
        (value, indent) => {
          const text = JSON.stringify({ root: value }, null, indent);
          const document = parseDocument('state', text);
          const lines = text.split(/\r\n|\r|\n/);
          for (const path of pathsIn({ root: value })) {
            const { line, column } = document.positionOf(path);
            const found = (lines[line - 1] ?? '').slice(column - 1);
            const step = path.at(-1);
            const expected =
              typeof step === 'string'
                ? JSON.stringify(step)
                : startOf(valueAt({ root: value }, path));
            expect(found.startsWith(expected), `${path.join('.')} in ${text}`).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

type Step = string | number;

function* pathsIn(value: unknown, path: readonly Step[] = []): Generator<readonly Step[]> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* pathsIn(item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* pathsIn(item, [...path, key]);
  }
}

function valueAt(value: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((object, step) => Object(object)[step], value);
}

/** Returns how the text of a value begins. */
function startOf(value: unknown): string {
  if (Array.isArray(value)) return '[';
  return typeof value === 'object' && value !== null ? '{' : JSON.stringify(value);
}

const NO_STATS: Stats = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
};
const NO_CONNECTIONS = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

/** Returns the snapshot of a table with these services. */
function snapshotOf(services: readonly WantedService[]): Snapshot {
  return {
    services: services.map(({ destinations = [], ...config }) => ({
      ...normalizeService(config),
      stats: NO_STATS,
      destinations: destinations.map((each) => ({
        ...normalizeDestination(config, each),
        ...NO_CONNECTIONS,
        stats: NO_STATS,
      })),
    })),
  };
}

describe('a saved table', () => {
  test.each(['json', 'yaml'] as const)('as %s has the meaning of the table', async (format) => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          serviceConfig,
          serviceAndDestination.map(([config, each]) => ({ ...config, destinations: [each] })),
        ),
        async (service) => {
          const snapshot = snapshotOf([service]);
          const text = formatState(snapshot, format);
          const { state } = await parseStateFile(`f.${format}`, text);
          expect(snapshotOf(state.services)).toEqual(snapshot);
          // Written by hand: what was read from the kernel has counters.
          expect(text).not.toContain('stats');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('has the settings that are worth reading', () => {
    const snapshot = snapshotOf([
      { fwmark: 7, family: 'ipv6', scheduler: 'mh', schedulerFlags: ['mh-port'] },
      {
        protocol: 'tcp',
        address: '10.0.0.10',
        port: 80,
        persistence: {},
        destinations: [{ address: '10.1.1.2' }],
      },
      { protocol: 'tcp', address: '10.0.0.9', port: 80, persistence: { netmask: 24 } },
    ]);
    expect(formatState(snapshot, 'yaml')).toBe(`services:
  - protocol: tcp
    address: 10.0.0.9
    port: 80
    scheduler: wlc
    persistence:
      timeout: 300
      netmask: 255.255.255.0
    destinations: []
  - protocol: tcp
    address: 10.0.0.10
    port: 80
    scheduler: wlc
    persistence:
      timeout: 300
    destinations:
      - address: 10.1.1.2
        port: 80
        forwarding: direct
        weight: 1
  - fwmark: 7
    family: ipv6
    scheduler: mh
    schedulerFlags:
      - mh-port
    destinations: []`);
  });

  test('keeps as it was read what only another program could have set', async () => {
    const [good] = snapshotOf([
      { protocol: 'tcp', address: '10.0.0.9', port: 80, destinations: [{ address: '10.1.1.2' }] },
    ]).services;
    if (good === undefined) throw new Error('there is a service');
    const foreign: Snapshot = {
      services: [
        {
          ...good,
          onePacket: true,
          destinations: good.destinations.map((each) => ({ ...each, weight: 2 ** 32 - 1 })),
        },
      ],
    };
    const state = stateOf(foreign);
    expect(state).toEqual(foreign);
    const read = await parseStateFile('f', formatState(foreign, 'yaml'));
    expect(read.state).toEqual(foreign);
  });
});
