/** The credentials of `ipvs kubernetes`: those of a kubeconfig. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ApiClient } from '../../lib/cli/kubernetes/api-client.js';
import { openCluster } from '../../lib/cli/kubernetes/cluster.js';
import { followTokenFiles } from '../../lib/cli/kubernetes/token-file.js';
import { startServer, stopServer, writeKubeconfig } from './helpers/kubeconfig.js';

let folder: string;
let server: Server;
const seen: (string | undefined)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-cluster-'));
  server = await startServer((credentials) => seen.push(credentials));
});
afterAll(() => {
  stopServer(server);
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  seen.length = 0;
});

/** Writes a kubeconfig for a user with these properties. Returns its path. */
function writeConfig(user: object, name = 'kubeconfig.conf'): string {
  const file = join(folder, name);
  writeKubeconfig(file, server, user);
  return file;
}

const { signal } = new AbortController();

test('no configuration at all is an error that says where one may be', async () => {
  vi.stubEnv('KUBECONFIG', undefined);
  vi.stubEnv('HOME', folder);
  await expect(openCluster(undefined)).rejects.toThrow(
    'no cluster is configured: give --kubeconfig FILE, set $KUBECONFIG, or write ~/.kube/config',
  );
});

test.each(['tokenFile', 'token-file'])('%s is read, also when its token changes', async (key) => {
  writeFileSync(join(folder, 'token'), 'first\n');
  // A relative path is one from the folder of the kubeconfig.
  const client = await openCluster(writeConfig({ token: 'older', [key]: 'token' }));
  await client.get('/', signal);
  writeFileSync(join(folder, 'token'), 'second');
  // Somebody sets the clock back.
  vi.useFakeTimers({ now: Date.now() - 3_600_000, toFake: ['Date'] });
  await client.get('/', signal);
  expect(seen).toEqual(['Bearer first', 'Bearer second']);
});

test('the token of a pod is read when it changes, too', async () => {
  const config = new KubeConfig();
  config.loadFromFile(writeConfig({}));
  const tokenFile = join(folder, 'token');
  // As loadFromCluster() does.
  const authProvider = { name: 'tokenFile', config: { tokenFile } };
  config.users = [{ name: 'default', authProvider }];
  followTokenFiles(config, []);
  const client = new ApiClient(config);
  for (const token of ['first', 'second']) {
    writeFileSync(tokenFile, token);
    await client.get('/', signal);
  }
  expect(seen).toEqual(['Bearer first', 'Bearer second']);
});

test('a token needs no file', async () => {
  const client = await openCluster(writeConfig({ token: 'plain' }));
  await client.get('/', signal);
  expect(seen).toEqual(['Bearer plain']);
});

test('the files of $KUBECONFIG are read by default', async () => {
  writeFileSync(join(folder, 'token'), 'first');
  const other = join(folder, 'other.conf');
  writeFileSync(other, JSON.stringify({ apiVersion: 'v1', kind: 'Config' }));
  const file = writeConfig({ tokenFile: join(folder, 'token') });
  vi.stubEnv('KUBECONFIG', [file, other].join(delimiter));
  const client = await openCluster(undefined);
  await client.get('/', signal);
  expect(seen).toEqual(['Bearer first']);
});

test('a token file that is not there is an error of the request, which names it', async () => {
  const client = await openCluster(writeConfig({ tokenFile: 'missing' }));
  await expect(client.get('/', signal)).rejects.toThrow(/ENOENT.*missing/);
});
