import { describe, expect, test } from 'vitest';
import { readValues } from '../../lib/cli/arguments.js';
import { options, top } from '../../lib/cli/top/command.js';
import { jsonOf, textOf } from '../../lib/cli/top/plain.js';
import { settingsOf } from '../../lib/cli/top/settings.js';
import { destination, rates, service } from './helpers/top-rows.js';

const ADDRESS = '[2001:db8:1234:5678:9abc:def0:1234:5678]:65535';
const services = [
  service('tcp://10.96.0.1:80', { inBytes: 2.5 }, [
    destination('10.1.0.1:80', { inBytes: 2.5, connections: 3 }, { weight: 7 }),
    destination(ADDRESS, null, { forwarding: 'tunnel', inactiveConnections: 2 }),
  ]),
  service('fwmark://4', { inBytes: 20 }),
];
const period = { services, time: new Date('2026-11-29T19:05:12Z'), elapsed: 2.001 };

/** The settings of a command line. */
const settings = (given: Readonly<Record<string, string>> = {}) => {
  const texts = new Map(Object.entries(given).map(([name, text]) => [name, [text]]));
  return settingsOf(readValues(options, texts));
};

describe('plain text', () => {
  test('has all rows with all numbers', () => {
    expect(`${textOf(period, settings()).join('\n')}\n`).toBe(`\
2026-11-29T19:05:12.000Z  2 services, 2 destinations
  Service, destination                                    Weight Active InAct   CPS InPPS OutPPS InBPS OutBPS
  all services                                                 8      0     2     0     0      0    23      0
  fwmark://4 wrr                                               0      0     0     0     0      0    20      0
  tcp://10.96.0.1:80 wrr                                       8      0     2     0     0      0   2.5      0
    10.1.0.1:80 masquerade                                     7      0     0     3     0      0   2.5      0
    ${ADDRESS} tunnel      1      0     2     -     -      -     -      -
`);
  });

  test('has only services if these are wanted', () => {
    const lines = textOf(period, settings({ services: '', sort: 'name', reverse: '' }));
    expect(lines.slice(3).map((text) => text.trim().split(' ')[0])).toEqual([
      'fwmark://4',
      'tcp://10.96.0.1:80',
    ]);
  });
});

describe('JSON', () => {
  const parse = ([line = '']: readonly string[]) => JSON.parse(line);
  const numbers = { weight: 0, activeConnections: 0, inactiveConnections: 0 };

  test('is one line for each interval', () => {
    const lines = jsonOf(period, settings({ filter: '10.1', sort: 'cps' }));
    expect(lines).toHaveLength(1);
    expect(parse(lines)).toEqual({
      time: '2026-11-29T19:05:12.000Z',
      elapsed: 2.001,
      services: [
        {
          service: 'tcp://10.96.0.1:80',
          scheduler: 'wrr',
          ...numbers,
          weight: 8,
          inactiveConnections: 2,
          rates: rates({ inBytes: 2.5 }),
          destinations: [
            {
              destination: '10.1.0.1:80',
              forwarding: 'masquerade',
              ...numbers,
              weight: 7,
              rates: rates({ inBytes: 2.5, connections: 3 }),
            },
          ],
        },
      ],
    });
  });

  test('has null for rates that are not known, and no destinations if only services are wanted', () => {
    const all = parse(jsonOf(period, settings()));
    expect(all.services[1].destinations[1].rates).toBeNull();
    const some = parse(jsonOf(period, settings({ services: '' })));
    expect(some.services.map(Object.keys)[1]).not.toContain('destinations');
  });
});

describe('options', () => {
  test('have defaults', () => {
    expect(settings()).toMatchObject({
      interval: 2,
      count: undefined,
      sort: { title: 'InBPS' },
      reversed: false,
      filter: '',
      hasDestinations: true,
    });
  });

  test.each([
    ['interval', '2.5', 2.5],
    ['interval', '86400', 86_400],
    ['count', '3', 3],
  ])('--%s %s', (name, text, value) => {
    expect(settings({ [name]: text })).toHaveProperty(name, value);
  });

  test.each([
    ['interval', '1'],
    ['interval', '1.999'],
    ['interval', '86401'],
    ['interval', '2s'],
    ['interval', ''],
    ['interval', '-2'],
    ['interval', '1e3'],
    ['count', '0'],
    ['count', 'x'],
    ['filter', 'é'],
  ])('--%s %s is refused, with the rule', (name, text) => {
    const rule = { interval: /from 2 to 86400: the kernel/, count: /from 1 to/, filter: /ASCII/ };
    expect(() => settings({ [name]: text })).toThrow(rule[name as keyof typeof rule]);
  });

  test('have names for all columns', () => {
    expect(options.sort.completes).toEqual([
      'name',
      'weight',
      'active',
      'inact',
      'cps',
      'inpps',
      'outpps',
      'inbps',
      'outbps',
    ]);
    expect(top.description.join(' ')).toContain('InBPS: bytes from clients');
  });
});
