/**
 * The pages of metrics and health.
 * @module
 */
import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { errorMessage } from '../../core/errors.js';
import { CONTENT_TYPES, type Metrics, negotiateFormat } from '../../metrics/index.js';
import { pathOf } from './http-port.js';

/** The sources of the pages. */
interface Served {
  readonly metrics: Pick<Metrics, 'text'>;
  /** Resolves if all is well, and rejects with the reason otherwise. */
  checkHealth(): Promise<unknown>;
}

interface PageResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly allow?: string;
}

const PLAIN = 'text/plain; charset=utf-8';
const METHODS: readonly (string | undefined)[] = ['GET', 'HEAD'];

type Route = (served: Served, request: IncomingMessage) => Promise<PageResponse>;

const ROUTES: Readonly<Record<string, Route>> = {
  '/': async () => ({ status: 200, type: PLAIN, body: '/metrics\n/healthz\n' }),
  '/metrics': async ({ metrics }, { headers }) => {
    const format = negotiateFormat(headers.accept);
    return { status: 200, type: CONTENT_TYPES[format], body: await metrics.text({ format }) };
  },
  '/healthz': async (served) => {
    await served.checkHealth();
    return { status: 200, type: PLAIN, body: 'ok\n' };
  },
};

/** Returns what answers requests of `/metrics` and `/healthz`. */
export function metricsPages(served: Served): RequestListener {
  return (request, response) => {
    void reply(served, request).then((answer) => send(request, response, answer));
  };
}

async function reply(served: Served, request: IncomingMessage): Promise<PageResponse> {
  const path = pathOf(request);
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined) return failure(404);
  if (!METHODS.includes(request.method)) return { ...failure(405), allow: METHODS.join(', ') };
  try {
    return await route(served, request);
  } catch (error) {
    return failure(503, errorMessage(error));
  }
}

function failure(status: number, reason = STATUS_CODES[status]): PageResponse {
  return { status, type: PLAIN, body: `${reason}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, answer: PageResponse): void {
  const { status, type, body, allow } = answer;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': bytes.length,
    // A response that a cache may keep for one client is not for another.
    vary: 'accept',
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
