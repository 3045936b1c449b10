/**
 * Credential plugins of a configuration (`exec`). `@kubernetes/client-node` waits for them without
 * limit, and does not end those that hang.
 * @module
 */
import { execFile } from 'node:child_process';
import type { KubeConfig } from '@kubernetes/client-node';
import { cut } from '../../core/show.js';

/** A plugin, as a kubeconfig has it. */
interface Plugin {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** The `status` of what a plugin prints. */
interface Credentials {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** The most characters of what a plugin says in a message. */
const MAX_TEXT = 200;

/**
 * Makes the users of a configuration run their plugins here: they end with the signal of the
 * options that the credentials are for.
 */
export function endPluginsInTime(config: KubeConfig): void {
  config.users = config.users.map((user) => {
    const { exec: plugin, ...rest } = user;
    if (typeof plugin?.command !== 'string') return user;
    // A name that is none of client-node's own providers.
    return { ...rest, authProvider: { name: `credential plugin ${plugin.command}`, plugin } };
  });
  const valid = new Map<string, Credentials>();
  config.addAuthenticator({
    isAuthProvider: ({ authProvider }) => authProvider?.plugin !== undefined,
    async applyAuthentication({ name, authProvider }, options) {
      let credentials = valid.get(name);
      if (!(Date.parse(credentials?.expirationTimestamp ?? '') > Date.now())) {
        // The options are those of ApiClient.
        const { signal } = options as { readonly signal?: AbortSignal };
        credentials = await run(authProvider.plugin, signal);
        valid.set(name, credentials);
      }
      const { token, clientCertificateData: cert, clientKeyData: key } = credentials ?? {};
      if (cert) options.cert = cert;
      if (key) options.key = key;
      if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    },
  });
}

/** Runs a plugin until the signal is aborted. Returns the credentials that it prints. */
function run({ command, args, env }: Plugin, signal?: AbortSignal): Promise<Credentials> {
  const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`credential plugin ${command}: ${reason}`));
    const options = { env: { ...process.env, ...variables } };
    const child = execFile(command, args ?? [], options, (error, stdout, stderr) => {
      const credentials = credentialsIn(stdout);
      // The message of an error has the arguments, which may be secret.
      if (error !== null) fail(cut(stderr.trim(), MAX_TEXT) || `failed (${error.code})`);
      else if (credentials === undefined) fail('it printed no credentials');
      else resolve(credentials);
    });
    // Neither does it wait for a plugin that does not heed SIGTERM, nor for children of it that
    // hold its pipes open.
    signal?.addEventListener('abort', () => {
      child.kill('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
  });
}

function credentialsIn(text: string): Credentials | undefined {
  try {
    const { status } = Object(JSON.parse(text));
    return typeof status === 'object' && status !== null ? status : undefined;
  } catch {
    return undefined;
  }
}
