/**
 * A port of HTTP: it is open before there is anything to serve, and closed in order.
 * @module
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { CommandError } from '../failures.js';
import type { Listen } from '../listen.js';

/** The milliseconds that responses in flight have at the end. */
const CLOSE_TIMEOUT = 5000;

/** The milliseconds after which a client that neither sends nor reads is given up. */
const IDLE_TIMEOUT = 60_000;

/** Answers requests that come before there is anything to serve. */
const starting: RequestListener = (_request, response) => {
  response.writeHead(503, { 'content-type': 'text/plain' }).end('starting\n');
};

/** An open port. Commands open theirs before they change anything: it may be taken. */
export class HttpPort {
  readonly #server: Server;
  readonly #inFlight = new Set<ServerResponse>();
  #listener = starting;
  #isClosing = false;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#inFlight.add(response);
      response.on('close', () => this.#forget([response]));
      this.#listener(request, response);
    });
    this.#server.on('connection', (socket: Socket) => {
      // The responses that wait for another one of their connection do not emit 'close'.
      socket.on('close', () =>
        this.#forget([...this.#inFlight].filter(({ req }) => req.socket === socket)),
      );
    });
    // A response may be megabytes, which wait in memory for the client to read them.
    this.#server.setTimeout(IDLE_TIMEOUT);
  }

  /**
   * Opens a port.
   * @param flag the option that names it, for errors
   * @throws CommandError it is taken, or the host does not have the address
   */
  static async open(flag: string, listen: Listen): Promise<HttpPort> {
    const port = new HttpPort();
    port.#server.listen(listen);
    try {
      await once(port.#server, 'listening');
    } catch (error) {
      throw new CommandError(`${flag}: ${describe(error, listen)}`, { cause: error });
    }
    // A connection that cannot be accepted, such as for want of a descriptor, ends no command.
    port.#server.on('error', () => undefined);
    return port;
  }

  /** Its address, without a path. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return '';
    return `http://${nameOf({ host: address.address, port: address.port })}`;
  }

  /** Answers requests from now on. */
  serve(listener: RequestListener): void {
    this.#listener = listener;
  }

  /** Accepts no more connections, waits for the responses in flight, and closes the connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#isClosing = true;
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_TIMEOUT);
    this.#forget([]);
    await closed;
    clearTimeout(timer);
  }

  #forget(responses: readonly ServerResponse[]): void {
    for (const response of responses) this.#inFlight.delete(response);
    if (this.#isClosing && this.#inFlight.size === 0) this.#server.closeAllConnections();
  }
}

/** Returns the path of a request, whose target may be a whole URL (RFC 9112, 3.2.2). */
export function pathOf({ url = '' }: IncomingMessage): string {
  const [target = ''] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  return target === '' ? '/' : target;
}

/** Returns an address as it is written in a URL. */
function nameOf({ host = '', port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Says why nobody can listen there. */
function describe(error: unknown, listen: Listen): string {
  const { errno, code, message }: NodeJS.ErrnoException = Object(error);
  const [, words = message] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return `cannot listen on ${nameOf(listen)}: ${words} (${code})`;
}
