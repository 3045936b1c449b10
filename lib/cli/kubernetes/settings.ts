/**
 * The settings of `ipvs kubernetes`: options, and kube-proxy's configuration file.
 * @module
 */
import { hostname } from 'node:os';
import type { CompileConfig, NftablesOptions } from '../../kubernetes/index.js';
import { integerOf, UsageError } from '../arguments.js';
import type { Values } from '../command.js';
import { InputFileError } from '../failures.js';
import { type Listen, parseListen } from '../listen.js';
import { parseDocument, SyntaxFault } from '../state-file/document.js';
import type { options } from './command.js';

/** The settings. */
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
const DEFAULT_DRAIN = 15 * 60_000;
const MAX_MILLISECONDS = 2 ** 31 - 1;

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
  const file = text === undefined ? new Section('', {}) : readConfiguration(text);
  const ipvs = file.section('ipvs');
  const iptables = file.section('iptables');
  const time = (flag: string, value: string | undefined, other: string | undefined, least = 0) =>
    milliseconds(flag, value ?? other, least);
  return {
    nodeName:
      values.hostnameOverride || file.text('hostnameOverride') || env['NODE_NAME'] || hostname(),
    kubeconfig: values.kubeconfig || file.section('clientConnection').text('kubeconfig'),
    compile: {
      scheduler: values.ipvsScheduler ?? ipvs.text('scheduler'),
      excludeCIDRs: listOf(values.ipvsExcludeCidrs) ?? ipvs.texts('excludeCIDRs'),
      nodePortAddresses: listOf(values.nodeportAddresses) ?? file.texts('nodePortAddresses'),
      schedulerAnnotation: values.schedulerAnnotation,
      weightAnnotation: values.weightAnnotation,
      link: 'kube-ipvs0',
    },
    nftables: {
      masqueradeAll: values.masqueradeAll || iptables.flag('masqueradeAll'),
      masqueradeBit:
        integerOf('--iptables-masquerade-bit', values.iptablesMasqueradeBit, [0, 31]) ??
        iptables.integer('masqueradeBit'),
      clusterCIDRs: listOf(values.clusterCidr ?? file.text('clusterCIDR')) ?? [],
    },
    strictARP: values.ipvsStrictArp || ipvs.flag('strictARP'),
    timeouts: {
      tcp: seconds(time('--ipvs-tcp-timeout', values.ipvsTcpTimeout, ipvs.text('tcpTimeout'))),
      tcpFin: seconds(
        time('--ipvs-tcpfin-timeout', values.ipvsTcpfinTimeout, ipvs.text('tcpFinTimeout')),
      ),
      udp: seconds(time('--ipvs-udp-timeout', values.ipvsUdpTimeout, ipvs.text('udpTimeout'))),
    },
    resync:
      time('--ipvs-sync-period', values.ipvsSyncPeriod, ipvs.text('syncPeriod')) || DEFAULT_SYNC,
    drainTimeout: time('--drain-timeout', values.drainTimeout, undefined) ?? DEFAULT_DRAIN,
    healthz: listenAt(
      '--healthz-bind-address',
      values.healthzBindAddress ?? file.text('healthzBindAddress') ?? '0.0.0.0:10256',
    ),
    metrics: listenAt(
      '--metrics-bind-address',
      values.metricsBindAddress ?? file.text('metricsBindAddress') ?? '127.0.0.1:10249',
    ),
  };
}

function readConfiguration(text: string): Section {
  let value: unknown;
  try {
    ({ value } = parseDocument(text));
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const { line, column } = error.position ?? { line: 1, column: 1 };
    throw new InputFileError(`--config: ${line}:${column}: ${error.message}`);
  }
  const file = new Section('', value);
  const kind = file.text('kind');
  if (kind !== undefined && kind !== 'KubeProxyConfiguration') {
    throw new InputFileError(`--config: kind: '${kind}' is not KubeProxyConfiguration`);
  }
  const mode = file.text('mode');
  if (mode !== undefined && mode !== '' && mode !== 'ipvs') {
    throw new InputFileError(`--config: mode: '${mode}' is not 'ipvs'`);
  }
  return file;
}

/** A section of the configuration. Settings of other modes of kube-proxy are not read. */
class Section {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(path: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InputFileError(`--config: ${path || 'the document'} is not an object`);
    }
    this.#path = path;
    // An object with any keys.
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  section(key: string): Section {
    return new Section(`${this.#path}${key}.`, this.#values[key] ?? {});
  }

  text(key: string): string | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    // A duration of 0 needs no unit.
    if (value === 0) return '0s';
    throw this.#fault(key, value, 'a text');
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
    throw this.#fault(key, value, 'an array of texts');
  }

  flag(key: string): boolean {
    const value = this.#values[key] ?? false;
    if (typeof value === 'boolean') return value;
    throw this.#fault(key, value, 'true or false');
  }

  integer(key: string): number | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
    throw this.#fault(key, value, 'an integer');
  }

  #fault(key: string, value: unknown, rule: string): InputFileError {
    const shown = JSON.stringify(value);
    return new InputFileError(`--config: ${this.#path}${key}: ${shown} is not ${rule}`);
  }
}

function listOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  return text === '' ? [] : text.split(',').map((each) => each.trim());
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Returns the milliseconds of a duration as Go writes it: '30s', '1m30s', '0'. */
function milliseconds(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  let sum = text === '0' ? 0 : Number.NaN;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    sum = 0;
    for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
      sum += Number(number) * (UNITS[unit] ?? 0);
    }
  }
  if (sum >= least && sum <= MAX_MILLISECONDS) return sum;
  throw new UsageError(`${flag}: '${text}' is not a duration such as 30s or 1m30s`);
}

/** Returns whole seconds; 0 if there is no duration. */
function seconds(time: number | undefined): number {
  return Math.ceil((time ?? 0) / 1000);
}

function listenAt(flag: string, text: string): Listen | undefined {
  return text === '' ? undefined : parseListen(flag, text);
}
