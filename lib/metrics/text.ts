/**
 * Metrics as text: OpenMetrics 1.0, and the text format of Prometheus 0.0.4.
 * @module
 */
import { type Column, VALUES_PER_STEP } from './columns.js';
import type { Span, TextWriter } from './text-writer.js';
import type { Labels, MetricDefinition } from './types.js';

/** A text format: OpenMetrics 1.0, or the older text format 0.0.4 of Prometheus. */
export type TextFormat = 'openmetrics' | 'prometheus';

/** The media types of the formats, for the header `content-type` of a response. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** About the length of a line. A table with longer ones makes the buffer grow. */
const LINE_LENGTH = 128;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Returns the text of columns, in steps of some samples.
 * @param writer nothing else may write to it meanwhile
 */
export function* format(
  columns: readonly Column[],
  textFormat: TextFormat,
  writer: TextWriter,
): Generator<void, string> {
  const { headerOf, end } = FORMATS[textFormat];
  const lines = columns.reduce((sum, { rows }) => sum + rows.length, 0);
  writer.begin(lines * LINE_LENGTH);
  /** The spans of the labels that were written, by the list that columns share. */
  const written = new Map<readonly Labels[], (Span | undefined)[]>();
  let count = 0;
  for (const { metric, rows, values } of columns) {
    const spans = written.get(rows) ?? [];
    written.set(rows, spans);
    writer.write(headerOf(metric));
    let name: Span | undefined;
    for (let index = 0; index < rows.length; index++) {
      const value = values[index];
      if (value === undefined) continue;
      if (name === undefined) name = writer.write(metric.sampleName);
      else writer.repeat(name);
      const span = spans[index];
      if (span === undefined) spans[index] = writer.write(formatLabels(rows[index] ?? {}));
      else writer.repeat(span);
      writer.writeCode(SPACE);
      writer.writeNumber(value);
      writer.writeCode(NEWLINE);
      if (++count % VALUES_PER_STEP === 0) yield;
    }
  }
  writer.write(end);
  return writer.toString();
}

/** The differences between the formats: the lines before the samples of a family, and the end. */
const FORMATS: Readonly<
  Record<
    TextFormat,
    { readonly headerOf: (family: MetricDefinition) => string; readonly end: string }
  >
> = {
  openmetrics: {
    headerOf: ({ name, type, unit, help }) => {
      const unitLine = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
      return `# HELP ${name} ${escapeValue(help)}\n# TYPE ${name} ${type}\n${unitLine}`;
    },
    end: '# EOF\n',
  },
  prometheus: {
    headerOf: ({ sampleName, type, help }) => {
      const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      const known = type === 'info' ? 'gauge' : type;
      return `# HELP ${sampleName} ${text}\n# TYPE ${sampleName} ${known}\n`;
    },
    end: '',
  },
};

function formatLabels(labels: Labels): string {
  let text = '';
  for (const name in labels) {
    text += `${text === '' ? '{' : ','}${name}="${escapeValue(labels[name] ?? '')}"`;
  }
  return text === '' ? '' : `${text}}`;
}

const SPECIAL = /[\\"\n]/g;

/** Escapes a text that OpenMetrics has in quotes, and the help of a family. */
function escapeValue(value: string): string {
  // Few values have special characters.
  return value.search(SPECIAL) < 0 ? value : value.replace(SPECIAL, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
