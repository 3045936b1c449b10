/**
 * Content negotiation: which text format a scraper wants.
 * @module
 */
import type { TextFormat } from './text.js';

const OPENMETRICS = 'application/openmetrics-text';
/** The versions that have the same text as 1.0.0. */
const VERSIONS: readonly (string | undefined)[] = [undefined, '1.0.0', '0.0.1'];
const PROMETHEUS = ['text/plain', 'text/*', '*/*'];

/**
 * Returns the format for the value of the header `accept` of a request: OpenMetrics if that is
 * acceptable and the other format is not preferred; otherwise that of Prometheus, as for browsers
 * and for requests without the header (RFC 9110, 12.5.1).
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
export function negotiateFormat(accept: string | undefined): TextFormat {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const openmetrics = ranges.filter(
    ({ type, version }) => type === OPENMETRICS && VERSIONS.includes(version),
  );
  const wanted = Math.max(0, ...openmetrics.map(({ quality }) => quality));
  return wanted > 0 && wanted >= prometheusQuality(ranges) ? 'openmetrics' : 'prometheus';
}

/** Returns the quality of the most specific range that the text format of Prometheus is in. */
function prometheusQuality(ranges: readonly MediaRange[]): number {
  for (const name of PROMETHEUS) {
    const matching = ranges.filter(({ type }) => type === name);
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

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const named = (name: string) =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '');
  const quality = Number(named('q') ?? 1);
  return { type, version: named('version'), quality: Number.isNaN(quality) ? 0 : quality };
}
