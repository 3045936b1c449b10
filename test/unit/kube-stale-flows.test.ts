/**
 * Many flows, with a program in the place of conntrack. test/kernel/command/kube-agent.test.ts has
 * the real one.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deleteStaleFlows } from '../../lib/cli/kubernetes/stale-flows.js';

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

/** Installs a conntrack that lists flows by this script, and writes down what it deletes. */
function install(ipv4: string, ipv6 = 'true'): void {
  const script = `#!/bin/bash
    case $1 in
      -L) if [ "$5" = ipv4 ]; then ${ipv4}; else ${ipv6}; fi ;;
      -D) shift; echo "$*" >>'${folder}/deleted' ;;
    esac`;
  writeFileSync(join(folder, 'conntrack'), script);
  chmodSync(join(folder, 'conntrack'), 0o755);
}

const deleted = () => readFileSync(join(folder, 'deleted'), 'utf8').trim().split('\n');

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
  install([many, ...others].join('; '), flows(2, 'fd00::53', 53, 'fd01::9'));
  expect(await deleteStaleFlows(UDP, signal)).toBe(3);
  expect(deleted()).toEqual([
    '-p udp -f ipv4 --orig-dst 10.96.0.53 --dport 53 --reply-src 10.244.1.9 --reply-port-src 5353',
    '-p udp -f ipv4 --orig-dst 192.0.2.1 --dport 30053 --reply-src 10.244.1.9 --reply-port-src 5353',
    '-p udp -f ipv6 --orig-dst fd00::53 --dport 53 --reply-src fd01::9 --reply-port-src 5353',
  ]);
});

test('a host without conntrack has no flows to delete', async () => {
  vi.stubEnv('PATH', folder);
  expect(await deleteStaleFlows(UDP, signal)).toBeUndefined();
});

test('a conntrack that fails is an error with its words', async () => {
  install('echo Operation not permitted >&2; exit 1');
  await expect(deleteStaleFlows(UDP, signal)).rejects.toThrow(
    'conntrack -L -p udp -f ipv4: Operation not permitted',
  );
});

test('the signal ends a conntrack that hangs', async () => {
  install('exec sleep 600');
  const stop = new AbortController();
  const pending = deleteStaleFlows(UDP, stop.signal);
  stop.abort();
  await expect(pending).rejects.toThrow(/abort/);
});
