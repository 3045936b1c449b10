/**
 * The settings of `ipvs kubernetes`: options, and kube-proxy's configuration file.
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { show } from '../../core/show.js';
import { MAX_TIMER } from '../../core/timer.js';
import type { CompileConfig, NftablesOptions } from '../../kubernetes/index.js';
import { readNetwork } from '../../kubernetes/networks.js';
import { isSchedulerName, SCHEDULER_RULE } from '../../kubernetes/scheduler-name.js';
import { flagOf, integerOf, UsageError } from '../arguments.js';
import type { Values } from '../command.js';
import type { InputFileError } from '../failures.js';
import { LISTEN_RULE, type Listen, listenOf } from '../listen.js';
import type { options } from './command.js';
import { type Configuration, configurationFault, readConfiguration } from './configuration.js';

/** The settings of `ipvs kubernetes`. */
export interface Settings {
  readonly nodeName: string;
  readonly kubeconfig: string | undefined;
  readonly compile: CompileConfig & { readonly link: string };
  readonly nftables: NftablesOptions;
  readonly strictARP: boolean;
  /** Seconds; 0: as it is. */
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number };
  /** Milliseconds. */
  readonly resync: number;
  /** Milliseconds. */
  readonly drainTimeout: number;
  /** Undefined: nowhere. */
  readonly healthz: Listen | undefined;
  readonly metrics: Listen | undefined;
}

const DEFAULT_SYNC = 30_000;
/** The default of `detectLocalMode`, and the only way that is known here. */
const CLUSTER_CIDR = 'ClusterCIDR';
const DEFAULT_DRAIN = 15 * 60_000;
/** DNS labels, as the names of Nodes are, in at most 253 characters. */
const NODE_NAME = /^(?=.{1,253}$)[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/;

/**
 * Returns the settings.
 * @param text the configuration file, if any
 * @param env the environment
 * @throws UsageError, InputFileError
 */
export function settingsOf(
  values: Values<typeof options>,
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const file = text === undefined ? {} : readConfiguration(text);
  /** Returns the value of an option, or else that of the file. */
  const given = (name: keyof typeof options, path: keyof Configuration): Given => {
    const value = values[name];
    return value === undefined ? { path, value: file[path] } : { flag: flagOf(name), value };
  };
  return {
    nodeName: nodeNameOf([
      given('hostnameOverride', 'hostnameOverride'),
      { flag: '$NODE_NAME', value: env['NODE_NAME'] },
      { flag: 'the name of the host', value: hostname() },
    ]),
    // As with kube-proxy, an empty text is no path, and an empty option prevails over the file.
    kubeconfig: (values.kubeconfig ?? file['clientConnection.kubeconfig']) || undefined,
    compile: {
      scheduler: schedulerOf(given('ipvsScheduler', 'ipvs.scheduler')),
      excludeCIDRs: networksOf(given('ipvsExcludeCidrs', 'ipvs.excludeCIDRs')),
      nodePortAddresses: nodePortsOf(given('nodeportAddresses', 'nodePortAddresses')),
      schedulerAnnotation: values.schedulerAnnotation,
      weightAnnotation: values.weightAnnotation,
      link: 'kube-ipvs0',
    },
    nftables: {
      masqueradeAll: values.masqueradeAll || (file['iptables.masqueradeAll'] ?? false),
      masqueradeBit:
        integerOf('--iptables-masquerade-bit', values.iptablesMasqueradeBit, [0, 31]) ??
        file['iptables.masqueradeBit'],
      clusterCIDRs: podNetworksOf(given('clusterCidr', 'clusterCIDR'), file.detectLocalMode),
    },
    strictARP: values.ipvsStrictArp || (file['ipvs.strictARP'] ?? false),
    timeouts: {
      tcp: seconds(given('ipvsTcpTimeout', 'ipvs.tcpTimeout')),
      tcpFin: seconds(given('ipvsTcpfinTimeout', 'ipvs.tcpFinTimeout')),
      udp: seconds(given('ipvsUdpTimeout', 'ipvs.udpTimeout')),
    },
    resync: milliseconds(given('ipvsSyncPeriod', 'ipvs.syncPeriod')) || DEFAULT_SYNC,
    drainTimeout:
      milliseconds({ flag: '--drain-timeout', value: values.drainTimeout }) ?? DEFAULT_DRAIN,
    healthz: listenAt(given('healthzBindAddress', 'healthzBindAddress'), '0.0.0.0:10256'),
    metrics: listenAt(given('metricsBindAddress', 'metricsBindAddress'), '127.0.0.1:10249'),
  };
}

/** A value, and where it comes from. Undefined: it is left out. */
type Given = { readonly value: Configuration[keyof Configuration] } & (
  | { readonly flag: string }
  | { readonly path: keyof Configuration }
);

/** Returns the error for a value that is not what it should be. */
function fault(given: Given, value: unknown, rule: string): UsageError | InputFileError {
  if ('path' in given) return configurationFault(given.path, value, rule);
  return new UsageError(`${given.flag}: ${show(value)} is not ${rule}`);
}

/** Returns the first name that is given. As with kube-proxy, capitals become small letters. */
function nodeNameOf(places: readonly Given[]): string {
  for (const place of places) {
    const name = String(place.value ?? '')
      .trim()
      .toLowerCase();
    if (name === '') continue;
    if (NODE_NAME.test(name)) return name;
    throw fault(place, place.value, 'the name of a Node');
  }
  throw new UsageError('--hostname-override is missing: the host has no name');
}

function schedulerOf(given: Given): string | undefined {
  const { value } = given;
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && isSchedulerName(value)) return value;
  throw fault(given, value, SCHEDULER_RULE);
}

/** Returns the texts of a list: of an array, or separated by commas. */
function textsOf({ value }: Given): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const texts = Array.isArray(value) ? value : String(value).split(',');
  return texts.map((each) => String(each).trim()).filter((each) => each !== '');
}

function networksOf(given: Given): readonly string[] | undefined {
  const texts = textsOf(given);
  for (const text of texts ?? []) {
    try {
      readNetwork('network', text);
    } catch {
      throw fault(given, text, "a network such as '10.96.0.0/12'");
    }
  }
  return texts;
}

/** Returns the networks of the pods. @param mode how kube-proxy is told to find them */
function podNetworksOf(given: Given, mode = ''): readonly string[] {
  const networks = networksOf(given) ?? [];
  if (networks.length > 0 || mode === '' || mode === CLUSTER_CIDR) return networks;
  // Without any, traffic would lack its masquerading in silence.
  const rule = `'${CLUSTER_CIDR}': give --cluster-cidr with the networks of the pods`;
  throw configurationFault('detectLocalMode', mode, rule);
}

function nodePortsOf(given: Given): readonly string[] | undefined {
  const texts = textsOf(given);
  return texts?.length === 1 && texts[0] === 'primary' ? texts : networksOf(given);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Returns the milliseconds of a duration as Go writes it: '30s', '1m30s', '0'. They are whole, and
 * at least 1 unless the duration is 0.
 */
function milliseconds(given: Given): number | undefined {
  if (given.value === undefined) return undefined;
  const text = String(given.value);
  let sum = text === '0' ? 0 : Number.NaN;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    sum = 0;
    for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
      sum += Number(number) * (UNITS[unit] ?? 0);
    }
  }
  // 4.1 minutes are 245999.99999999997 ms.
  const whole = sum > 0 ? Math.max(Math.round(sum), 1) : sum;
  if (whole <= MAX_TIMER) return whole;
  throw fault(given, text, 'a duration such as 30s or 1m30s, of at most 24 days');
}

/** Returns whole seconds; 0 if there is no duration. */
function seconds(given: Given): number {
  return Math.ceil((milliseconds(given) ?? 0) / 1000);
}

/**
 * Returns where to listen. As with kube-proxy, an address without a port gets that of the fallback,
 * and an empty text in the file is the fallback: only an option can say nowhere.
 */
function listenAt(given: Given, fallback: string): Listen | undefined {
  const text = String(given.value ?? '');
  if (text === '') return 'flag' in given ? undefined : listenOf(fallback);
  const port = fallback.slice(fallback.lastIndexOf(':'));
  const listen = listenOf(isIPv6(text) ? `[${text}]${port}` : isIPv4(text) ? text + port : text);
  if (listen === undefined) throw fault(given, text, LISTEN_RULE);
  return listen;
}
