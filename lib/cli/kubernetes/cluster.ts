/**
 * The cluster: its API server, through the optional peer `@kubernetes/client-node`.
 * @module
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { codeOf, errorMessage } from '../../core/errors.js';
import { OTHERS } from '../../kubernetes/object-readers.js';
import { InputFileError } from '../failures.js';
import { ApiClient } from './api-client.js';
import { endPluginsInTime } from './credential-plugin.js';
import { followTokenFiles } from './token-file.js';

/** The selector of the objects that count. */
export const OURS = OTHERS.map((label) => `!${label}`).join(',');

/** The token of the pod's service account, with which client-node finds that it is in a pod. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Returns a client of the API server.
 * @param kubeconfig the path of a file; by default $KUBECONFIG, ~/.kube/config, or the service
 *   account of the pod
 * @throws InputFileError there is no configuration, or no package
 */
export async function openCluster(kubeconfig: string | undefined): Promise<ApiClient> {
  const { KubeConfig } = await loadPeer();
  const config = new KubeConfig();
  const files = kubeconfig === undefined ? defaultFiles() : [kubeconfig];
  // client-node would assume a server on this host.
  if (files.length === 0 && !existsSync(POD_TOKEN)) {
    throw new InputFileError(
      'no cluster is configured: give --kubeconfig FILE, set $KUBECONFIG, or write ~/.kube/config',
    );
  }
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    endPluginsInTime(config);
    followTokenFiles(config, files);
    return new ApiClient(config);
  } catch (error) {
    if (error instanceof InputFileError) throw error;
    const reason = errorMessage(error);
    throw new InputFileError(`${kubeconfig ?? 'the configuration of the cluster'}: ${reason}`);
  }
}

/** Returns the kubeconfig files that client-node reads by default. */
function defaultFiles(): readonly string[] {
  const files = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return files.length > 0 ? files : [join(homedir(), '.kube', 'config')].filter(existsSync);
}

async function loadPeer() {
  try {
    return await import('@kubernetes/client-node');
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputFileError(
      'the package @kubernetes/client-node is missing: install it where ipvs is ' +
        '(npm install @kubernetes/client-node, with --global if ipvs is installed so)',
    );
  }
}
