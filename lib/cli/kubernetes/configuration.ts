/**
 * kube-proxy's configuration file: the properties that count, read and checked.
 * @module
 */
import { show } from '../../core/show.js';
import { nearest } from '../../core/typos.js';
import { InputFileError } from '../failures.js';
import { parseDocument } from '../state-file/document.js';

/** A kind of value that a property must have. */
interface ValueRule<Value> {
  /** The end of 'ipvs.scheduler: 0 is not ...'. */
  readonly rule: string;
  is(value: unknown): value is Value;
}

const isText = (value: unknown) => typeof value === 'string';
const TEXT: ValueRule<string> = { rule: 'a text', is: isText };
const TEXTS: ValueRule<readonly string[]> = {
  rule: 'an array of texts',
  is: (value): value is string[] => Array.isArray(value) && value.every(isText),
};
const FLAG: ValueRule<boolean> = {
  rule: 'true or false',
  is: (value) => typeof value === 'boolean',
};
const BIT: ValueRule<number> = {
  rule: 'an integer from 0 to 31',
  is: (value): value is number =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 31,
};
/** A duration of 0 needs no unit. */
const DURATION: ValueRule<string | 0> = {
  rule: 'a duration such as "30s" or "1m30s"',
  is: (value) => isText(value) || value === 0,
};

/** The properties that are read, by their paths. */
export const READ = {
  kind: TEXT,
  mode: TEXT,
  hostnameOverride: TEXT,
  clusterCIDR: TEXT,
  detectLocalMode: TEXT,
  nodePortAddresses: TEXTS,
  healthzBindAddress: TEXT,
  metricsBindAddress: TEXT,
  'clientConnection.kubeconfig': TEXT,
  'iptables.masqueradeAll': FLAG,
  'iptables.masqueradeBit': BIT,
  'ipvs.scheduler': TEXT,
  'ipvs.excludeCIDRs': TEXTS,
  'ipvs.strictARP': FLAG,
  'ipvs.syncPeriod': DURATION,
  'ipvs.tcpTimeout': DURATION,
  'ipvs.tcpFinTimeout': DURATION,
  'ipvs.udpTimeout': DURATION,
} as const;

/** The other properties that kube-proxy has, by their sections: they are no typos. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...['apiVersion', 'bindAddress', 'bindAddressHardFail', 'configSyncPeriod', 'conntrack'],
    ...['detectLocal', 'enableProfiling', 'featureGates', 'logging'],
    ...['nftables', 'oomScoreAdj', 'portRange', 'resourceContainer', 'udpIdleTimeout', 'winkernel'],
    ...['showHiddenMetricsForVersion', 'windowsRunAsService'],
  ],
  clientConnection: ['acceptContentTypes', 'burst', 'contentType', 'qps'],
  iptables: ['localhostNodePorts', 'minSyncPeriod', 'syncPeriod'],
  ipvs: ['minSyncPeriod'],
};

type PropertyPath = keyof typeof READ;
type ValueOf<Of> = Of extends ValueRule<infer Value> ? Value : never;

/** The properties that the file has, by their paths. Null counts as left out. */
export type Configuration = {
  readonly [Key in PropertyPath]?: ValueOf<(typeof READ)[Key]>;
};

/** Returns the error for a property of the file. */
export function configurationFault(path: string, value: unknown, rule: string): InputFileError {
  return new InputFileError(`--config: ${path}: ${show(value)} is not ${rule}`);
}

/**
 * Reads a configuration.
 * @throws InputFileError it is not valid, or for another mode of kube-proxy
 */
export function readConfiguration(text: string): Configuration {
  const file = recordOf('', parseDocument('--config', text).value);
  const sections = new Map([['', file]]);
  for (const name of Object.keys(OTHERS)) {
    if (name !== '') sections.set(name, recordOf(name, file[name] ?? {}));
  }
  for (const [name, section] of sections) checkKeys(name, section);
  const found: Record<string, unknown> = {};
  for (const [path, { rule, is }] of Object.entries(READ)) {
    const [key = '', name = ''] = path.split('.').reverse();
    const value = sections.get(name)?.[key] ?? undefined;
    if (value === undefined) continue;
    if (!is(value)) throw configurationFault(path, value, rule);
    found[path] = value;
  }
  // Each value is of its kind.
  const configuration = found as Configuration;
  const { kind = 'KubeProxyConfiguration', mode = '' } = configuration;
  if (kind !== 'KubeProxyConfiguration') {
    throw configurationFault('kind', kind, 'KubeProxyConfiguration');
  }
  if (mode !== '' && mode !== 'ipvs') throw configurationFault('mode', mode, "'ipvs'");
  return configuration;
}

function recordOf(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // An object with any keys.
    return value as Readonly<Record<string, unknown>>;
  }
  throw configurationFault(path === '' ? 'the document' : path, value, 'an object');
}

/**
 * Refuses names that may be typos of known ones. Other unknown names may be those of a newer
 * kube-proxy.
 */
function checkKeys(section: string, values: Readonly<Record<string, unknown>>): void {
  const prefix = section === '' ? '' : `${section}.`;
  const read = Object.keys(READ)
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split('.')[0] ?? '');
  const known = [...read, ...(OTHERS[section] ?? [])];
  for (const key of Object.keys(values)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    if (meant === undefined) continue;
    const rule = `is not a known property: did you mean ${prefix}${meant}?`;
    throw new InputFileError(`--config: ${prefix}${key} ${rule}`);
  }
}
