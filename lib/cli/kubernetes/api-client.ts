/**
 * Requests to the API server of a cluster: a GET of JSON, and a stream of JSON lines. The address,
 * the certificates and the credentials come from `@kubernetes/client-node`.
 * @module
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeConfig } from '@kubernetes/client-node';
import { codeOf, errorMessage } from '../../core/errors.js';
import { cut } from '../../core/show.js';
import { callOnAbort, throwIfAborted } from '../../core/signals.js';

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status, or the code of an ERROR event of a watch. */
  readonly status: number;
  /** The milliseconds that the server asks to wait before the next request, if it does. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** An answer that is not what the API of Kubernetes says. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError';

  /** @param what what the server sent */
  constructor(what: string) {
    super(`the server sent ${what}`);
  }
}

/** A stream that broke after its response had begun. */
export class BrokenResponseError extends Error {
  override readonly name = 'BrokenResponseError';
  /** If true, the other side closed the connection; otherwise, no more data came. */
  readonly isClosed: boolean;

  /** @param cause the error of the response, if there is one */
  constructor(cause: unknown) {
    const isClosed = cause === undefined || codeOf(cause) === 'ECONNRESET';
    super(isClosed ? 'the connection broke' : errorMessage(cause), { cause });
    this.isClosed = isClosed;
  }
}

/**
 * The milliseconds within which there must be credentials, and after them the beginning of a
 * response, which may not stop for longer if it is no watch.
 */
const RESPONSE_TIMEOUT = 30_000;
/** The milliseconds without data after which the kernel begins to probe a connection. */
const KEEPALIVE_DELAY = 15_000;
/** The most characters of an answer in a message. */
const MAX_TEXT = 200;

/** A client of an API server. */
export class ApiClient {
  /** The URL of the server, without a slash at its end. */
  readonly server: string;
  readonly #config: KubeConfig;

  /** @throws Error the configuration names no cluster */
  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the configuration names no current cluster');
    this.#config = config;
    this.server = cluster.server.replace(/\/$/, '');
  }

  /**
   * Returns the JSON at a path.
   * @param idleTimeout the milliseconds without data after which it fails
   * @throws ApiError the server refuses
   * @throws MalformedResponseError the answer is no JSON
   */
  async get(path: string, signal: AbortSignal, idleTimeout = RESPONSE_TIMEOUT): Promise<unknown> {
    return parse(await textOf(await this.#open(path, idleTimeout, signal)));
  }

  /**
   * Yields the JSON of each line at a path, until the server ends the response. Fails if no data
   * comes for so many milliseconds: a connection may break without a sign.
   * @throws ApiError the server refuses
   * @throws MalformedResponseError a line is no JSON
   * @throws BrokenResponseError the response ends early
   */
  async *lines(path: string, idleTimeout: number, signal: AbortSignal): AsyncGenerator<unknown> {
    const response = await this.#open(path, idleTimeout, signal);
    let broken: unknown;
    response.on('error', (error) => {
      broken = error;
    });
    try {
      for await (const line of createInterface({ input: response })) {
        // The last line of a connection that breaks may be half a line.
        if (response.errored !== null) break;
        yield parse(line);
      }
    } catch (error) {
      // Not every version of readline passes on the errors of its input.
      if (error !== broken) throw error;
    } finally {
      // It may be left before its end.
      response.destroy();
    }
    if (broken !== undefined || !response.complete) throw new BrokenResponseError(broken);
  }

  /** @param idleTimeout the milliseconds without data after which the response fails */
  async #open(path: string, idleTimeout: number, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(this.server + path);
    const options = { ...(await this.#authenticate(signal)), signal };
    // The agent is one for TLS.
    const { agent: _, ...plain } = options;
    const isPlain = url.protocol === 'http:';
    const sent = isPlain ? httpRequest(url, plain) : httpsRequest(url, options);
    const timer = setTimeout(
      () => sent.destroy(new Error(`no answer in ${RESPONSE_TIMEOUT / 1000} s`)),
      RESPONSE_TIMEOUT,
    );
    try {
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      // Errors after the response are those of the response.
      sent.on('error', () => undefined);
      // A server without power does not close its connections.
      response.socket.setKeepAlive(true, KEEPALIVE_DELAY);
      failWhenIdle(response, idleTimeout);
      if (response.statusCode === 200) return response;
      throw await errorOf(response);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns the options of a request, with the credentials: a plugin or a server may give them. */
  async #authenticate(signal: AbortSignal): Promise<RequestOptions> {
    throwIfAborted(signal);
    const { authProvider } = this.#config.getCurrentUser() ?? {};
    const source = authProvider?.name ?? 'the configuration of the cluster';
    const ended = new AbortController();
    const forget = callOnAbort(signal, (reason) => ended.abort(reason));
    const timer = setTimeout(
      () => ended.abort(new Error(`no credentials from ${source} in ${RESPONSE_TIMEOUT / 1000} s`)),
      RESPONSE_TIMEOUT,
    );
    try {
      const options = { signal: ended.signal, headers: { accept: 'application/json' } };
      await Promise.race([rejection(ended.signal), this.#config.applyToHTTPSOptions(options)]);
      trimToken(options);
      return options;
    } finally {
      clearTimeout(timer);
      forget();
    }
  }
}

/** Returns a promise that an aborted signal rejects. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** Trims the token: a file of it may end with a line break, which no header may have. */
function trimToken({ headers }: RequestOptions): void {
  const { Authorization: token } = Object(headers);
  if (typeof token === 'string') Object.assign(Object(headers), { Authorization: token.trim() });
}

/** Makes a response fail if no data comes for so many milliseconds. */
function failWhenIdle(response: IncomingMessage, idleTimeout: number): void {
  const { socket } = response;
  const fail = () => response.destroy(new Error(`no data for ${idleTimeout / 1000} s`));
  socket.setTimeout(idleTimeout, fail);
  // The next request may have the same socket.
  response.once('close', () => socket.setTimeout(0, fail));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedResponseError(`no JSON: ${JSON.stringify(cut(text, MAX_TEXT))}`);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

/** Returns the error of a response: the message of a `metav1.Status`, or the text. */
async function errorOf(response: IncomingMessage): Promise<ApiError> {
  const { statusCode = 0, statusMessage = '', headers } = response;
  const text = await textOf(response);
  let message = cut(text.trim(), MAX_TEXT);
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) {
      message = String(status.message);
    }
  } catch {
    // It is no JSON.
  }
  const { 'retry-after': seconds } = headers;
  // It may be a date, which an API server does not send.
  const retryAfter = /^\d+$/.test(seconds ?? '') ? Number(seconds) * 1000 : undefined;
  return new ApiError(statusCode, `${statusCode} ${statusMessage}: ${message}`, retryAfter);
}
