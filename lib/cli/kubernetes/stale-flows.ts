/**
 * The end of flows of UDP that no endpoint answers any more, with `conntrack`.
 * @module
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { staleFlows, type TrackedFlow, type UdpFrontend } from '../../kubernetes/index.js';

const run = promisify(execFile);

/** The most characters of what a program says in a message. */
const MAX_TEXT = 500;

/**
 * Deletes the flows that no endpoint answers any more, until the signal is aborted. Returns the
 * number of pairs of a virtual address and a server that had some; undefined if there is no
 * `conntrack`.
 */
export async function deleteStaleFlows(
  udp: readonly UdpFrontend[],
  signal: AbortSignal,
): Promise<number | undefined> {
  if (udp.length === 0) return 0;
  // The flows of all clients are as many as connection tracking holds: only their pairs count.
  const pairs = new Map<string, TrackedFlow>();
  for (const family of ['ipv4', 'ipv6']) {
    try {
      for await (const line of linesOf('conntrack', ['-L', '-p', 'udp', '-f', family], signal)) {
        const flow = parseFlow(line);
        if (flow !== undefined) pairs.set(Object.values(selectorOf(flow)).join(), flow);
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
  const stale = staleFlows(udp, [...pairs.values()]);
  for (const flow of stale) {
    const selector = Object.entries(selectorOf(flow)).flat();
    // A flow that has just ended is no failure.
    await run('conntrack', ['-D', ...selector], { signal }).catch(() => signal.throwIfAborted());
  }
  return stale.length;
}

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
 * Parses a line such as `udp 17 29 src=10.0.0.7 dst=10.96.0.10 sport=4000 dport=53 src=10.244.1.5
 * dst=10.0.0.7 sport=5353 dport=4000 mark=0 use=1`: the original direction, then the reply.
 */
function parseFlow(line: string): TrackedFlow | undefined {
  const [protocol = ''] = line.split(/\s/, 1);
  const values = (key: string) =>
    [...line.matchAll(new RegExp(`\\b${key}=(\\S+)`, 'g'))].map(([, value = '']) => value);
  const [, server] = values('src');
  const [virtual = ''] = values('dst');
  const [, serverPort] = values('sport');
  const [virtualPort = ''] = values('dport');
  if (server === undefined || serverPort === undefined) return undefined;
  return {
    protocol,
    virtual: { address: virtual, port: Number(virtualPort) },
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
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(0, MAX_TEXT);
  });
  const ended = once(child, 'close');
  // It may fail while its lines are read.
  ended.catch(() => undefined);
  yield* createInterface({ input: child.stdout });
  const [status] = await ended;
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')}: ${errors.trim()}`);
}
