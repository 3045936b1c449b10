/**
 * Token files of a kubeconfig. `@kubernetes/client-node` reads `token-file` once, and does not know
 * `tokenFile`, which kubeadm's file of kube-proxy has.
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parseDocument } from '../state-file/document.js';

/** Returns the absolute paths of the token files in a kubeconfig, by the names of their users. */
function tokenFilesOf(kubeconfig: string): ReadonlyMap<string, string> {
  // Whatever client-node has read without complaint.
  const { users } = Object(parseDocument(readFileSync(kubeconfig, 'utf8')).value);
  const files = new Map<string, string>();
  for (const each of Array.isArray(users) ? users : []) {
    const { name, user } = Object(each);
    const { tokenFile, 'token-file': hyphenated } = Object(user);
    const file = tokenFile ?? hyphenated;
    if (typeof file === 'string' && file !== '')
      files.set(name, resolve(dirname(kubeconfig), file));
  }
  return files;
}

/**
 * Makes the users of a configuration read their token files again each minute: a token of a service
 * account expires.
 * @param kubeconfig the file that the configuration was loaded from
 */
export function followTokenFiles(config: KubeConfig, kubeconfig: string): void {
  const files = tokenFilesOf(kubeconfig);
  config.users = config.users.map((user) => {
    const tokenFile = files.get(user.name);
    if (tokenFile === undefined) return user;
    const { token: _, ...rest } = user;
    return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } };
  });
}
