/**
 * Many flows, with a program in the place of conntrack. test/kernel/command/kube-agent.test.ts has
 * the real one.
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deleteStaleFlows, StaleFlows } from '../../lib/cli/kubernetes/stale-flows.js';
import { staleFlows } from '../../lib/kubernetes/conntrack.js';

vi.mock('../../lib/kubernetes/conntrack.js', { spy: true });

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 5 };
const { signal } = new AbortController();
const UDP = [
  {
    addresses: ['10.96.0.53', 'fd00::53'],
    port: 53,
    nodePort: 30_053,
    endpoints: [{ address: '10.244.1.5', port: 5353 }],
  },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-flows-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/**
 * Installs a conntrack that lists flows by this script, writes down what it deletes, and prints that
 * by another script.
 */
function install(ipv4: string, ipv6 = 'true', deletion = 'true'): void {
  const script = `#!/bin/bash
    case $1 in
      -L) if [ "$5" = ipv4 ]; then ${ipv4}; else ${ipv6}; fi ;;
      -D) shift; ${deletion}; echo "$*" >>'${folder}/deleted' ;;
    esac`;
  const file = join(folder, 'conntrack');
  writeFileSync(`${file}.new`, script);
  chmodSync(`${file}.new`, 0o755);
  // One that still runs goes on reading its own file.
  renameSync(`${file}.new`, file);
}

/** Returns the lines that scripts have written to a file. */
const linesOf = (name: string) => {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const deleted = () => linesOf('deleted');

/** An awk program that prints so many flows, each of another client. */
const flows = (count: number, virtual: string, port: number, server: string) =>
  `awk 'BEGIN { for (i = 0; i < ${count}; i++) print "udp 17 29 src=10.0.0." i % 250 " dst=${virtual} ` +
  `sport=" i % 60000 " dport=${port} src=${server} dst=10.0.0.1 sport=5353 dport=4000 mark=0 use=1" }'`;

test('all flows of a server are deleted at once, however many they are', async () => {
  const many = flows(150_000, '10.96.0.53', 53, '10.244.1.9');
  const others = [
    flows(3, '192.0.2.1', 30_053, '10.244.1.9'),
    flows(3, '10.96.0.53', 53, '10.244.1.5'),
    flows(3, '10.96.0.99', 53, '10.244.1.9'),
  ];
  // conntrack prints what it deletes.
  install([many, ...others].join('; '), flows(2, 'fd00::53', 53, 'fd01::9'), many);
  expect(await deleteStaleFlows(() => UDP, signal)).toBe(3);
  expect(deleted()).toEqual([
    '-p udp -f ipv4 --orig-dst 10.96.0.53 --dport 53 --reply-src 10.244.1.9 --reply-port-src 5353',
    '-p udp -f ipv4 --orig-dst 192.0.2.1 --dport 30053 --reply-src 10.244.1.9 --reply-port-src 5353',
    '-p udp -f ipv6 --orig-dst fd00::53 --dport 53 --reply-src fd01::9 --reply-port-src 5353',
  ]);
});

test('flows are found with counters, zones and marks, and among lines of another kind', async () => {
  const ipv4 =
    'udp      17 23 src=10.0.0.7 dst=10.96.0.53 sport=4000 dport=53 packets=1 bytes=60 ' +
    '[UNREPLIED] src=10.244.1.9 dst=10.0.0.7 sport=5353 dport=4000 packets=0 bytes=0 mark=0 use=1';
  const ipv6 =
    'udp      17 170 src=fd00::7 dst=fd00::53 sport=4000 dport=53 zone-orig=1 packets=2 bytes=120 ' +
    'src=fd01::9 dst=fd00::7 sport=5353 dport=4000 [ASSURED] mark=16384 secctx=null use=2';
  const unknown = 'unknown  17 23 src=10.0.0.7 dst=10.96.0.53 packets=1 bytes=60 use=1';
  install(
    `printf '%s\\n' '${unknown}' 'udp src=10.0.0.7 dst=10.96.0.53' '' '${ipv4}'`,
    `echo '${ipv6}'`,
  );
  expect(await deleteStaleFlows(() => UDP, signal)).toBe(2);
  expect(deleted()).toEqual([
    '-p udp -f ipv4 --orig-dst 10.96.0.53 --dport 53 --reply-src 10.244.1.9 --reply-port-src 5353',
    '-p udp -f ipv6 --orig-dst fd00::53 --dport 53 --reply-src fd01::9 --reply-port-src 5353',
  ]);
});

test('flows to an endpoint that comes meanwhile stay', async () => {
  install(
    [flows(1, '10.96.0.53', 53, '10.244.1.8'), flows(1, '10.96.0.53', 53, '10.244.1.9')].join('; '),
  );
  let looks = 0;
  const [frontend] = UDP;
  const endpoints = [{ address: '10.244.1.9', port: 5353 }];
  // From the second look on, which comes after the list.
  const later = [{ ...frontend, endpoints }] as typeof UDP;
  expect(await deleteStaleFlows(() => (++looks === 1 ? UDP : later), signal)).toBe(1);
  expect(deleted()).toEqual([expect.stringContaining('--reply-src 10.244.1.8')]);
});

test('flows that have just ended are no failure, but others are', async () => {
  const one = flows(1, '10.96.0.53', 53, '10.244.1.9');
  const fail = (words: string) => install(one, 'true', `echo "conntrack: ${words}" >&2; exit 1`);
  fail('0 flow entries have been deleted.');
  expect(await deleteStaleFlows(() => UDP, signal)).toBe(1);
  fail('Operation not permitted');
  await expect(deleteStaleFlows(() => UDP, signal)).rejects.toThrow('Operation not permitted');
});

describe('beside the syncs of an agent', () => {
  const [frontend] = UDP as [(typeof UDP)[number]];
  const gone = { ...frontend, endpoints: [] };
  const one = flows(1, '10.96.0.53', 53, '10.244.1.5');

  test('flows of a deleted Service end, also if it was there for a moment only', async () => {
    install(`sleep 0.2; ${one}`);
    const log: string[] = [];
    const ending = new StaleFlows((line) => log.push(line));
    ending.update([gone]);
    // While the flows are listed for the first time.
    ending.update([frontend]);
    ending.update([]);
    await vi.waitFor(() => expect(deleted()).toHaveLength(1), PATIENCE);
    await ending.close();
    expect(log).toEqual([]);
  });

  test('flows to the endpoints of the next state stay', async () => {
    install(`sleep 0.2; ${one}`, `echo done >>'${folder}/deleted'`);
    const ending = new StaleFlows(() => undefined);
    ending.expect([frontend]);
    ending.update([gone]);
    await vi.waitFor(() => expect(deleted()).toEqual(['done']), PATIENCE);
    ending.update([frontend]);
    await vi.waitFor(() => expect(deleted()).toEqual(['done', 'done']), PATIENCE);
    await ending.close();
    expect(deleted()).toEqual(['done', 'done']);
  });

  test('a failure is reported, and the next sync tries again', async () => {
    install('echo Device or resource busy >&2; exit 1');
    const log: string[] = [];
    const ending = new StaleFlows((line) => log.push(line));
    ending.update([gone]);
    await vi.waitFor(() => expect(log).toHaveLength(1), PATIENCE);
    expect(log[0]).toContain('Device or resource busy');
    install(one);
    ending.update([gone]);
    await vi.waitFor(() => expect(deleted()).toHaveLength(1), PATIENCE);
    await ending.close();
  });

  test('a lasting failure is reported once, and changes meanwhile keep no endpoints', async () => {
    const fail = (words: string) =>
      install(`echo once >>'${folder}/tries'; echo ${words} >&2; exit 1`);
    const log: string[] = [];
    const ending = new StaleFlows((line) => log.push(line));
    /** Syncs again and again until that is so. */
    const sync = (udp: typeof UDP, check: () => void) =>
      vi.waitFor(() => {
        ending.update(udp);
        check();
      }, PATIENCE);
    /** Changes the endpoints, and syncs until the flows have been listed once more. */
    const change = async (address: string) => {
      const changed = [{ ...frontend, endpoints: [{ address, port: 5353 }] }];
      const tries = linesOf('tries').length;
      await sync(changed, () => expect(linesOf('tries').length).toBeGreaterThan(tries));
      return changed;
    };
    fail('Device busy');
    for (let host = 1; host <= 5; host++) await change(`10.244.2.${host}`);
    fail('Not permitted');
    const present = await change('10.244.2.6');
    await sync(present, () => expect(log).toHaveLength(2));
    install(one);
    await sync(present, () => expect(deleted()).toHaveLength(1));
    expect(vi.mocked(staleFlows).mock.lastCall?.[0]).toEqual([gone, ...present]);
    fail('Not permitted');
    await sync(await change('10.244.2.7'), () => expect(log).toHaveLength(3));
    await ending.close();
    const [busy, refused] = ['Device busy', 'Not permitted'].map(
      (words) => `conntrack: conntrack -L -p udp -f ipv4: ${words}`,
    );
    expect(log).toEqual([busy, refused, refused]);
  });
});

test('a host without conntrack has no flows to delete', async () => {
  vi.stubEnv('PATH', folder);
  expect(await deleteStaleFlows(() => UDP, signal)).toBeUndefined();
});

test('a conntrack that fails is an error with its words', async () => {
  install('echo Operation not permitted >&2; exit 1');
  await expect(deleteStaleFlows(() => UDP, signal)).rejects.toThrow(
    'conntrack -L -p udp -f ipv4: Operation not permitted',
  );
});

test('the signal ends a conntrack that hangs', async () => {
  install('exec sleep 600');
  const stop = new AbortController();
  const pending = deleteStaleFlows(() => UDP, stop.signal);
  stop.abort();
  await expect(pending).rejects.toThrow(/abort/);
});
