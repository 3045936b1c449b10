/**
 * The end of flows of UDP that no endpoint answers any more, with `conntrack`.
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { codeOf, errorMessage } from '../../core/errors.js';
import { staleFlows, type TrackedFlow, type UdpFrontend } from '../../kubernetes/index.js';

/** The most characters of what a program says in a message. */
const MAX_TEXT = 500;

/** The UDP ports of all Services, of which unchanged ones are the same objects. */
type Frontends = readonly UdpFrontend[];

/**
 * Ends stale flows beside the syncs of the agent, since it takes long if there are many: one time
 * after the other, whenever the UDP ports have changed.
 */
export class StaleFlows {
  readonly #log: (line: string) => void;
  readonly #closed = new AbortController();
  /** The ports that the table of IPVS has, and those that it is going to have. */
  #present: Frontends = [];
  #expected: Frontends = [];
  /**
   * Ports that have been changed or deleted, by their places: their flows may be stale. Without
   * endpoints, and each once, so that they do not pile up while `conntrack` fails.
   */
  #past: ReadonlyMap<string, UdpFrontend> = new Map();
  #hasChanged = false;
  /** The words of the last failure; undefined after a success. */
  #failure: string | undefined;
  #running: Promise<void> | undefined;

  /** @param log is told about failures, once about those that repeat with the same words */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Tells the ports that the table is going to have: flows to their endpoints are not stale. */
  expect(udp: Frontends): void {
    this.#expected = udp;
  }

  /** Tells the ports that the table has now, and ends what is stale. */
  update(udp: Frontends): void {
    if (!areSame(this.#present, udp)) {
      this.#past = new Map([...this.#past, ...this.#present.map(pastOf)]);
      this.#present = udp;
      this.#hasChanged = true;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Stops. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (this.#hasChanged && !signal.aborted) {
      this.#hasChanged = false;
      const past = this.#past;
      this.#past = new Map();
      try {
        await deleteStaleFlows(this.#frontends([...past.values()]), signal);
        this.#failure = undefined;
      } catch (error) {
        // The next sync tries again.
        this.#hasChanged = true;
        this.#past = new Map([...past, ...this.#past]);
        if (!signal.aborted) this.#report(errorMessage(error));
        return;
      }
    }
  }

  #report(failure: string): void {
    if (failure !== this.#failure) this.#log(`conntrack: ${failure}`);
    this.#failure = failure;
  }

  /** Returns what returns the newest ports, the same list as before if they have not changed. */
  #frontends(past: Frontends): () => Frontends {
    let [present, expected] = [this.#present, this.#expected];
    let all = [...past, ...present, ...expected];
    return () => {
      if (present !== this.#present || expected !== this.#expected) {
        [present, expected] = [this.#present, this.#expected];
        all = [...past, ...present, ...expected];
      }
      return all;
    };
  }
}

/** Returns a port without endpoints, and its places as a key. */
function pastOf({ addresses, port, nodePort }: UdpFrontend): [string, UdpFrontend] {
  const key = [...addresses, port, nodePort].join();
  return [key, { addresses, port, nodePort, endpoints: [] }];
}

function areSame(some: Frontends, others: Frontends): boolean {
  return some.length === others.length && some.every((each, at) => each === others[at]);
}

/**
 * Deletes the flows that no endpoint answers any more, until the signal is aborted. Returns the
 * number of pairs of a virtual address and a server that had some; undefined if there is no
 * `conntrack`.
 * @param frontends returns the UDP ports, which may change meanwhile
 */
export async function deleteStaleFlows(
  frontends: () => Frontends,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (frontends().length === 0) return 0;
  // The flows of all clients are as many as connection tracking holds: only their pairs count.
  const pairs = new Map<string, TrackedFlow>();
  for (const family of ['ipv4', 'ipv6']) {
    try {
      for await (const line of linesOf('conntrack', ['-L', '-p', 'udp', '-f', family], signal)) {
        const flow = parseFlow(line);
        if (flow !== undefined) pairs.set(keyOf(flow), flow);
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  let known: Frontends | undefined;
  let stale: ReadonlySet<TrackedFlow> = new Set();
  let deleted = 0;
  for (const flow of pairs.values()) {
    // An endpoint may have come, or come back, since the flows were listed.
    if (known !== frontends()) {
      known = frontends();
      stale = new Set(staleFlows(known, [...pairs.values()]));
    }
    if (!stale.has(flow)) continue;
    await deleteFlows(flow, signal);
    deleted++;
  }
  return deleted;
}

/** Deletes all flows of a pair, each of which `conntrack` prints. */
async function deleteFlows(flow: TrackedFlow, signal: AbortSignal): Promise<void> {
  const selector = Object.entries(selectorOf(flow)).flat();
  try {
    for await (const _ of linesOf('conntrack', ['-D', ...selector], signal));
  } catch (error) {
    // They may have just ended.
    if (signal.aborted || !/\b0 flow entries/.test(errorMessage(error))) throw error;
  }
}

const keyOf = ({ virtual, server }: TrackedFlow) =>
  [virtual.address, virtual.port, server.address, server.port].join();

/** Returns the options of `conntrack -D` for all flows of a pair. */
function selectorOf({ virtual, server }: TrackedFlow): Readonly<Record<string, string>> {
  return {
    '-p': 'udp',
    '-f': isIPv6(virtual.address) ? 'ipv6' : 'ipv4',
    '--orig-dst': virtual.address,
    '--dport': String(virtual.port),
    '--reply-src': server.address,
    '--reply-port-src': String(server.port),
  };
}

/**
 * A line such as `udp 17 29 src=10.0.0.7 dst=10.96.0.10 sport=4000 dport=53 src=10.244.1.5
 * dst=10.0.0.7 sport=5353 dport=4000 mark=0 use=1`: the original direction, then the reply.
 */
const FLOW = /^(\S+) .*? dst=(\S+) sport=\d+ dport=(\d+).*? src=(\S+) dst=\S+ sport=(\d+)/;

function parseFlow(line: string): TrackedFlow | undefined {
  const [, protocol = '', virtual = '', port, server = '', serverPort] = FLOW.exec(line) ?? [];
  if (serverPort === undefined) return undefined;
  return {
    protocol,
    virtual: { address: virtual, port: Number(port) },
    server: { address: server, port: Number(serverPort) },
  };
}

/**
 * Yields the lines that a program prints.
 * @throws Error it cannot be started, fails, or the signal is aborted
 */
async function* linesOf(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = once(child, 'close');
  // It may fail while its lines are read.
  ended.catch(() => undefined);
  // Without a free descriptor, there are no pipes.
  const { stdout, stderr }: { readonly stdout?: Readable; readonly stderr?: Readable } = child;
  let errors = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(0, MAX_TEXT);
  });
  if (stdout !== undefined) yield* createInterface({ input: stdout });
  const [status] = await ended;
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')}: ${errors.trim()}`);
}
