// The ports of `ipvs exporter`, `ipvs director` and `ipvs kubernetes`: one that is taken is said in a
// line, before anything is changed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ipvsCommand, runToEnd } from '../helpers/command.js';
import { Namespace } from '../helpers/namespace.js';

const PORT = 9718;
const folder = mkdtempSync(join(tmpdir(), 'ipvs-cli-ports-'));
const state = join(folder, 'state.json');
const kubeconfig = join(folder, 'kubeconfig');
let namespace: Namespace;
let holder: ChildProcess;

/** The words that run a program in the namespace. */
const inside = (...words: readonly string[]) => ['ip', 'netns', 'exec', namespace.name, ...words];

beforeAll(async () => {
  namespace = new Namespace();
  const services = [{ protocol: 'tcp', address: '10.96.0.1', port: 80, destinations: [] }];
  writeFileSync(state, JSON.stringify({ services }));
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: {} }],
      'current-context': 'c',
    }),
  );
  const program = `require('net').createServer().listen(${PORT}, () => console.log('open'))`;
  const [command = '', ...args] = inside(process.execPath, '-e', program);
  holder = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (holder.stdout !== null) await once(holder.stdout, 'data');
});
afterAll(() => {
  holder.kill('SIGKILL');
  namespace.delete();
  rmSync(folder, { recursive: true });
});

/** What the commands could leave behind. */
const traces = () => [
  namespace.saved(),
  namespace.run('ip', ['-o', 'link']),
  namespace.run('sh', ['-c', 'cat /proc/sys/net/ipv4/vs/conntrack /proc/sys/net/ipv4/ip_forward']),
];

test.each([
  ['exporter', '--listen', []],
  ['director', '--metrics', ['--link', 'vip0', state]],
  ['kubernetes', '--metrics-bind-address', ['--kubeconfig', kubeconfig]],
  ['kubernetes', '--healthz-bind-address', ['--kubeconfig', kubeconfig]],
])('ipvs %s says that the port of %s is taken, and leaves nothing behind', (name, flag, others) => {
  const before = traces();
  const words = [...ipvsCommand(), name, flag, `0.0.0.0:${PORT}`, ...others];
  expect(runToEnd(inside(...words))).toEqual({
    status: 1,
    output: '',
    errors: `ipvs ${name}: ${flag}: cannot listen on 0.0.0.0:${PORT}: address already in use (EADDRINUSE)\n`,
  });
  expect(traces()).toEqual(before);
});

test.each([
  ['exporter', '--listen', []],
  ['director', '--metrics', ['--link', 'vip0', state]],
  ['kubernetes', '--metrics-bind-address', ['--kubeconfig', kubeconfig]],
])('ipvs %s says that a port of %s needs privileges', (name, flag, others) => {
  const words = [...ipvsCommand(), name, flag, '0.0.0.0:80', ...others];
  const limited = inside('setpriv', '--bounding-set=-net_bind_service', ...words);
  const { status, output, errors } = runToEnd(limited);
  expect([status, output]).toEqual([1, '']);
  expect(errors).toBe(
    `ipvs ${name}: ${flag}: cannot listen on 0.0.0.0:80: permission denied (EACCES)\n`,
  );
});
