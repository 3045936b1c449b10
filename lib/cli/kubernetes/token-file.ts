/**
 * Token files of a configuration. `@kubernetes/client-node` reads `token-file` once, that of a pod
 * by the clock of the host, and does not know `tokenFile`, which kubeadm's file of kube-proxy has.
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parseDocument } from '../state-file/document.js';

/** Returns the absolute paths of the token files in a kubeconfig, by the names of their users. */
function tokenFilesOf(kubeconfig: string): ReadonlyMap<string, string> {
  // Whatever client-node has read without complaint.
  const { users } = Object(parseDocument(kubeconfig, readFileSync(kubeconfig, 'utf8')).value);
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
 * Makes the users of a configuration read their token files at each request: a token of a service
 * account expires. There are few requests, and no clock that could be set back.
 * @param kubeconfigs the files that the configuration was loaded from; none: that of a pod
 */
export function followTokenFiles(config: KubeConfig, kubeconfigs: readonly string[]): void {
  const files = new Map(kubeconfigs.flatMap((kubeconfig) => [...tokenFilesOf(kubeconfig)]));
  config.users = config.users.map((user) => {
    const { token: _, authProvider, ...rest } = user;
    const file: unknown = files.get(user.name) ?? authProvider?.config?.tokenFile;
    if (typeof file !== 'string') return user;
    return {
      ...rest,
      get token() {
        return readFileSync(file, 'utf8').trim();
      },
    };
  });
}
