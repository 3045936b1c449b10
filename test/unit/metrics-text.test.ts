import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Column, familiesOf } from '../../lib/metrics/columns.js';
import {
  CONTENT_TYPES,
  type MetricFamily,
  Metrics,
  negotiateFormat,
  type TextFormat,
} from '../../lib/metrics/index.js';
import { format } from '../../lib/metrics/text.js';
import { TextWriter } from '../../lib/metrics/text-writer.js';
import { runToEnd } from '../../lib/queue/slicer.js';
import { server, sourceOf, stats, web, withServers } from './helpers/metrics-fixture.js';

/** Returns a number as both formats write it. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '0';
  return String(value).replace(/^(-?)Infinity$/, (_, sign) => `${sign || '+'}Inf`);
}

const family = (values: Partial<MetricFamily>): MetricFamily => ({
  name: 'sent_bytes',
  sampleName: 'sent_bytes_total',
  type: 'counter',
  unit: 'bytes',
  help: 'Bytes sent.',
  labelNames: [],
  samples: [{ labels: {}, value: 1 }],
  ...values,
});

const info = family({
  name: 'host',
  sampleName: 'host_info',
  type: 'info',
  unit: undefined,
  help: 'The host.',
  samples: [{ labels: { os: 'linux', arch: 'x64' }, value: 1 }],
});

/** The same as a column. */
const columnOf = ({ samples, ...metric }: MetricFamily): Column => ({
  metric,
  rows: samples.map(({ labels }) => labels),
  values: samples.map(({ value }) => value),
});

// One for all texts, as a Metrics has.
const writer = new TextWriter();
const write = (columns: readonly Column[], textFormat: TextFormat) =>
  runToEnd(format(columns, textFormat, writer));

describe('columns', () => {
  test('become families, without the objects that have no value', () => {
    const { samples: _, ...metric } = family({});
    const rows = [{ a: '1' }, { a: '2' }, { a: '3' }];
    const column = { metric, rows, values: [1, undefined, 3] };
    expect(runToEnd(familiesOf([column]))).toEqual([
      {
        ...metric,
        samples: [rows[0], rows[2]].map((labels, at) => ({ labels, value: 1 + 2 * at })),
      },
    ]);
    expect(write([column], 'prometheus').split('\n').slice(2)).toEqual([
      'sent_bytes_total{a="1"} 1',
      'sent_bytes_total{a="3"} 3',
      '',
    ]);
  });

  test('with the same labels have the same text', () => {
    const { samples: _, ...metric } = family({ labelNames: ['name'] });
    const rows = [{ name: 'é"😀' }, { name: 'b' }];
    const columns = [1, 2].map((value) => ({ metric, rows, values: [undefined, value] }));
    const text = write([...columns, { metric, rows, values: [3, 4] }], 'prometheus');
    expect(text.split('\n').filter((line) => line.startsWith('sent'))).toEqual([
      'sent_bytes_total{name="b"} 1',
      'sent_bytes_total{name="b"} 2',
      'sent_bytes_total{name="é\\"😀"} 3',
      'sent_bytes_total{name="b"} 4',
    ]);
  });
});

describe('a writer', () => {
  test('writes any numbers and texts as String() does, and grows', () => {
    const part = fc.oneof(
      fc.nat(20),
      fc.nat(2 ** 32),
      fc.maxSafeInteger(),
      fc.double(),
      fc.string({ unit: 'grapheme', maxLength: 2000 }),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        writer.begin(0);
        for (const each of parts) {
          if (typeof each === 'string') writer.repeat(writer.write(each));
          else writer.writeNumber(each);
          writer.writeCode(0x20);
        }
        const texts = parts.map((each) =>
          typeof each === 'string' ? each + each : numberText(each),
        );
        expect(writer.toString()).toBe(texts.map((text) => `${text} `).join(''));
      }),
    );
  });
});

describe('text', () => {
  test('in OpenMetrics has units, names families without the suffix, and ends with EOF', () => {
    expect(write([family({}), info].map(columnOf), 'openmetrics')).toBe(
      [
        '# HELP sent_bytes Bytes sent.',
        '# TYPE sent_bytes counter',
        '# UNIT sent_bytes bytes',
        'sent_bytes_total 1',
        '# HELP host The host.',
        '# TYPE host info',
        'host_info{os="linux",arch="x64"} 1',
        '# EOF\n',
      ].join('\n'),
    );
  });

  test('in the format of Prometheus names families as samples, and knows no info', () => {
    expect(write([family({}), info].map(columnOf), 'prometheus')).toBe(
      [
        '# HELP sent_bytes_total Bytes sent.',
        '# TYPE sent_bytes_total counter',
        'sent_bytes_total 1',
        '# HELP host_info The host.',
        '# TYPE host_info gauge',
        'host_info{os="linux",arch="x64"} 1\n',
      ].join('\n'),
    );
  });

  test('has values as they are, up to 2^53 and beyond', () => {
    const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const values = [0, 2 ** 32, 2 ** 53, 2 ** 64, 1732906800.125, ...infinite];
    const samples = values.map((value) => ({ labels: {}, value }));
    const text = write([family({ samples })].map(columnOf), 'prometheus');
    expect(text.match(/(?<=^sent_bytes_total ).*$/gm)).toEqual([
      '0',
      '4294967296',
      '9007199254740992',
      '18446744073709552000',
      '1732906800.125',
      '+Inf',
      '-Inf',
    ]);
  });

  test('escapes labels and help', () => {
    const value = 'back\\slash "quote"\nline';
    const escaped = String.raw`back\\slash \"quote\"\nline`;
    const escapes = family({ help: value, samples: [{ labels: { name: value }, value: 1 }] });
    for (const textFormat of ['openmetrics', 'prometheus'] as const) {
      const text = write([escapes].map(columnOf), textFormat);
      expect(text).toContain(`sent_bytes_total{name="${escaped}"} 1\n`);
      const help = textFormat === 'openmetrics' ? escaped : escaped.replaceAll('\\"', '"');
      expect(text.split('\n')[0]).toMatch(/^# HELP \S+ /);
      expect(text.split('\n')[0]?.replace(/^# HELP \S+ /, '')).toBe(help);
    }
  });

  test('has a line for each sample, whatever the labels are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const text = write(
          [columnOf(family({ samples: [{ labels: { name }, value: 1 }] }))],
          'openmetrics',
        );
        const lines = text.split('\n');
        expect(lines).toHaveLength(6);
        const [, quoted = ''] = /^sent_bytes_total\{name="(.*)"\} 1$/s.exec(lines[3] ?? '') ?? [];
        const read = quoted.replace(/\\(.)/gs, (_, character) =>
          character === 'n' ? '\n' : character,
        );
        expect(read).toBe(name);
      }),
      // Line breaks of JavaScript, but not of the format.
      { examples: [['\u2028'], ['\u2029'], ['\r']] },
    );
  });

  test('of a table has all its families', async () => {
    const { source } = sourceOf([withServers({ ...web, stats: stats({ inBytes: 5 }) }, server())]);
    const text = await new Metrics(source, { name: () => 'a "b"' }).text();
    expect(text).toContain(
      'ipvs_service_incoming_bytes_total' +
        String.raw`{service="tcp://10.96.0.1:80",name="a \"b\""} 5` +
        '\n',
    );
    expect(text.match(/^# TYPE/gm)).toHaveLength(27);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });
});

describe('negotiation', () => {
  /** What Prometheus 2.42, 2.55 and 3.1 send. */
  const PROMETHEUS = [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,' +
      'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;' +
      'q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,' +
      'application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,*/*;q=0.1',
  ];
  test.each([
    ...PROMETHEUS.map((accept) => [accept, 'openmetrics'] as const),
    ['application/openmetrics-text', 'openmetrics'],
    ['application/OpenMetrics-Text; Version="1.0.0"', 'openmetrics'],
    ['text/plain, application/openmetrics-text', 'openmetrics'],
    ['text/plain;q=0.5, */*;q=0.9, application/openmetrics-text;q=0.6', 'openmetrics'],
    ['application/*', 'openmetrics'],
    ['application/*;q=0.9, text/plain', 'prometheus'],
    ['application/*, application/openmetrics-text;q=0, text/plain;q=0.1', 'prometheus'],
    ['text/plain, application/openmetrics-text;note=",;q=0.1";q=0.5', 'prometheus'],
    ['text/plain;q=0.2, application/openmetrics-text;note=",";q=0.5', 'openmetrics'],
    ['application/openmetrics-text;q=1.5', 'prometheus'],
    ['application/openmetrics-text;note="', 'openmetrics'],
    [',;,;"', 'prometheus'],
    ['application/openmetrics-text;version=2.0.0', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=high', 'prometheus'],
    ['application/openmetrics-text;q=0.4,text/*;q=0.5', 'prometheus'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
    ['*/*', 'prometheus'],
    ['', 'prometheus'],
    [undefined, 'prometheus'],
  ] as const)('of %j chooses %s', (accept, expected) => {
    expect(negotiateFormat(accept)).toBe(expected);
  });

  test('refuses what is no header', () => {
    const call = negotiateFormat as (...args: readonly unknown[]) => unknown;
    for (const odd of [null, 7, ['text/plain'], {}]) {
      expect(() => call(odd)).toThrow(/^negotiateFormat: accept: .* is not the value of a header/);
    }
    expect(() => call('text/plain', 1)).toThrow('negotiateFormat: argument 2: 1 is one too many');
  });

  test('takes time in proportion to the header, whatever that is', () => {
    for (const text of [',', ';', '"', '",', 'a;q=', ' ']) {
      const start = process.cpuUsage();
      negotiateFormat(text.repeat(100_000));
      // Microseconds; it would be minutes if it were quadratic.
      expect(process.cpuUsage(start).user).toBeLessThan(5e6);
    }
  });

  test('has a media type for each format', () => {
    expect(CONTENT_TYPES).toEqual({
      openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      prometheus: 'text/plain; version=0.0.4; charset=utf-8',
    });
  });
});
