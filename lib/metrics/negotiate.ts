/**
 * Content negotiation: which text format a scraper wants.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { wrongType } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';
import type { TextFormat } from './text.js';

const OPENMETRICS = 'application/openmetrics-text';
/** The versions that have the same text as 1.0.0. */
const VERSIONS: readonly (string | undefined)[] = [undefined, '1.0.0', '0.0.1'];
/** The ranges that each format is in, the most specific one first. */
const RANGES = {
  openmetrics: [OPENMETRICS, 'application/*'],
  prometheus: ['text/plain', 'text/*', '*/*'],
} as const;

/**
 * Returns the format for the value of the header `accept` of a request: OpenMetrics if that is
 * acceptable and the other format is not preferred; otherwise that of Prometheus, as for browsers
 * and for requests without the header (RFC 9110, 12.5.1).
 * @throws TypeError bad input
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { Ipvs } from 'ipvs';
 * import { CONTENT_TYPES, Metrics, negotiateFormat } from 'ipvs/metrics';
 *
 * const ipvs = await Ipvs.open();
 * const metrics = new Metrics(ipvs);
 * const server = createServer(async (request, response) => {
 *   const format = negotiateFormat(request.headers.accept);
 *   try {
 *     const text = await metrics.text({ format });
 *     response.setHeader('content-type', CONTENT_TYPES[format]).end(text);
 *   } catch (error) {
 *     response.writeHead(503).end(String(error));
 *   }
 * });
 * server.listen(0, '127.0.0.1').unref(); // 0: any free port
 * await ipvs.close(); // at the end of the program
 * ```
 */
export function negotiateFormat(accept: string | undefined): TextFormat;
export function negotiateFormat(...args: readonly unknown[]): TextFormat {
  return checkArguments('negotiateFormat', args, 1, (accept) => {
    if (accept !== undefined && typeof accept !== 'string') {
      throw wrongType('accept', accept, 'the value of a header, or undefined');
    }
    const ranges = partsOf(accept ?? '', RANGE).map(parseRange);
    const wanted = qualityOf('openmetrics', ranges);
    return wanted > 0 && wanted >= qualityOf('prometheus', ranges) ? 'openmetrics' : 'prometheus';
  });
}

registerEntry('negotiateFormat', negotiateFormat);

/** Returns the quality of the most specific range that a format is in. */
function qualityOf(format: TextFormat, ranges: readonly MediaRange[]): number {
  for (const name of RANGES[format]) {
    const matching = ranges.filter(
      ({ type, version }) => type === name && (type !== OPENMETRICS || VERSIONS.includes(version)),
    );
    if (matching.length > 0) return Math.max(...matching.map(({ quality }) => quality));
  }
  return 0;
}

interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
  /** From 0, not acceptable, to 1. */
  readonly quality: number;
}

/** Texts between commas, and between semicolons: both may be in quotes. */
const RANGE = /(?:[^,"]|"[^"]*"?)+/g;
const PARAMETER = /(?:[^;"]|"[^"]*"?)+/g;

function partsOf(text: string, part: RegExp): string[] {
  return Array.from(text.matchAll(part), ([found]) => found.trim().toLowerCase());
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = partsOf(text, PARAMETER);
  const named = (name: string) =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '');
  const quality = Number(named('q') ?? 1);
  return { type, version: named('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
