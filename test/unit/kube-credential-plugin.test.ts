/** Credential plugins of a kubeconfig: shell scripts. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ApiClient } from '../../lib/cli/kubernetes/api-client.js';
import { openCluster } from '../../lib/cli/kubernetes/cluster.js';
import { reflect } from '../../lib/cli/kubernetes/reflector.js';
import { startServer, stopServer, writeKubeconfig } from './helpers/kubeconfig.js';

let folder: string;
let server: Server;
let seen: (string | undefined)[];
let stop: AbortController;

beforeAll(async () => {
  server = await startServer((credentials) => seen.push(credentials));
});
afterAll(() => {
  stopServer(server);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-plugin-'));
  seen = [];
  stop = new AbortController();
});
afterEach(() => {
  vi.useRealTimers();
  stop.abort();
  rmSync(folder, { recursive: true });
});

/** Returns a client whose credentials come from a script, which runs in the folder $FOLDER. */
function clientOf(script: string): Promise<ApiClient> {
  const file = join(folder, 'kubeconfig.conf');
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', `cd "$FOLDER"; ${script}`],
    env: [{ name: 'FOLDER', value: folder }],
  };
  writeKubeconfig(file, server, { exec });
  return openCluster(file);
}

/** The script of a plugin that hangs, and does not heed SIGTERM. */
const HANGING = `trap '' TERM; echo $$ >new; mv new pid; while :; do sleep 1; done`;

/** Waits for something. Timers may be fake, and vi.waitFor() would advance them. */
async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves to the process of the plugin when it runs. */
async function pluginProcess(): Promise<number> {
  await until(() => existsSync(join(folder, 'pid')));
  return Number(readFileSync(join(folder, 'pid'), 'latin1'));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Returns the script of a plugin that prints this status, and counts its runs. */
const printing = (status: object) =>
  `echo >>runs; echo '${JSON.stringify({ kind: 'ExecCredential', status })}'`;

const runs = () => readFileSync(join(folder, 'runs'), 'latin1').length;

test('a plugin that hangs is ended with the signal, and so is the reflector', async () => {
  const reflected = {
    path: '/api/v1/services',
    replace: () => undefined,
    set: () => undefined,
    remove: () => undefined,
    failed: vi.fn(),
  };
  const running = reflect(await clientOf(HANGING), reflected, stop.signal);
  const pid = await pluginProcess();
  stop.abort();
  await running;
  await until(() => !isRunning(pid));
  expect(reflected.failed).not.toHaveBeenCalled();
});

test('a plugin that hangs is ended after 30 s, and named', async () => {
  const client = await clientOf(HANGING);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const request = client.get('/', stop.signal);
  const failed = expect(request).rejects.toThrow(
    'no credentials from credential plugin sh in 30 s',
  );
  const pid = await pluginProcess();
  vi.advanceTimersByTime(30_000);
  await failed;
  await until(() => !isRunning(pid));
});

test('a provider of credentials that never answers is named after 30 s', async () => {
  const client = new ApiClient(hangingConfig());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const request = client.get('/', stop.signal);
  vi.advanceTimersByTime(30_000);
  await expect(request).rejects.toThrow('no credentials from a provider in 30 s');
});

function hangingConfig(): KubeConfig {
  const config = new KubeConfig();
  config.addAuthenticator({
    isAuthProvider: ({ authProvider }) => authProvider?.name === 'a provider',
    applyAuthentication: () => new Promise(() => undefined),
  });
  const user = { name: 'test', authProvider: { name: 'a provider' } };
  config.loadFromClusterAndUser(
    { name: 'test', server: 'http://127.0.0.1:1', skipTLSVerify: true },
    user,
  );
  return config;
}

test('a token that does not say how long it is valid is fetched for each request', async () => {
  const client = await clientOf(printing({ token: 'secret' }));
  await client.get('/', stop.signal);
  await client.get('/', stop.signal);
  expect(seen).toEqual(['Bearer secret', 'Bearer secret']);
  expect(runs()).toBe(2);
});

test.each([
  ['2999-01-01T00:00:00Z', 1],
  ['1999-01-01T00:00:00Z', 2],
])('a token that is valid until %s is fetched %d times for two requests', async (date, count) => {
  const client = await clientOf(printing({ token: 'secret', expirationTimestamp: date }));
  await client.get('/', stop.signal);
  await client.get('/', stop.signal);
  expect(runs()).toBe(count);
});

test.each([
  ['echo "no login" >&2; exit 3', 'credential plugin sh: no login'],
  ['exit 3', 'credential plugin sh: failed (3)'],
  ['echo nothing', 'credential plugin sh: it printed no credentials'],
  ['echo []', 'credential plugin sh: it printed no credentials'],
])('the plugin %s is an error of the request', async (script, message) => {
  const client = await clientOf(script);
  await expect(client.get('/', stop.signal)).rejects.toThrow(message);
  expect(seen).toEqual([]);
});
