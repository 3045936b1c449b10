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
const HEALTHZ = '0.0.0.0:10256';
const METRICS = '127.0.0.1:10249';
/** The bits of a firewall mark. */
const BITS = [0, 31] as const;
/** What begins the messages about the configuration file. */
const FILE = '--config: ';

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
        integerOf('--iptables-masquerade-bit', values.iptablesMasqueradeBit, BITS) ??
        iptables.integer('masqueradeBit', BITS),
      clusterCIDRs: listOf(values.clusterCidr ?? file.text('clusterCIDR')) ?? [],
    },
    strictARP: values.ipvsStrictArp || ipvs.flag('strictARP'),
    timeouts: {
      tcp: seconds(
        optionTime('--ipvs-tcp-timeout', values.ipvsTcpTimeout) ?? ipvs.duration('tcpTimeout'),
      ),
      tcpFin: seconds(
        optionTime('--ipvs-tcpfin-timeout', values.ipvsTcpfinTimeout) ??
          ipvs.duration('tcpFinTimeout'),
      ),
      udp: seconds(
        optionTime('--ipvs-udp-timeout', values.ipvsUdpTimeout) ?? ipvs.duration('udpTimeout'),
      ),
    },
    resync:
      (optionTime('--ipvs-sync-period', values.ipvsSyncPeriod) ?? ipvs.duration('syncPeriod')) ||
      DEFAULT_SYNC,
    drainTimeout: optionTime('--drain-timeout', values.drainTimeout) ?? DEFAULT_DRAIN,
    healthz:
      values.healthzBindAddress === undefined
        ? listenAt(`${FILE}healthzBindAddress`, file.text('healthzBindAddress') ?? HEALTHZ)
        : listenAt('--healthz-bind-address', values.healthzBindAddress),
    metrics:
      values.metricsBindAddress === undefined
        ? listenAt(`${FILE}metricsBindAddress`, file.text('metricsBindAddress') ?? METRICS)
        : listenAt('--metrics-bind-address', values.metricsBindAddress),
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
      const name = path === '' ? 'the document' : path.slice(0, -1);
      throw new InputFileError(`${FILE}${name} is not an object`);
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
    throw this.#fault(key, value, 'a text');
  }

  /** Returns the milliseconds of a duration. 0 needs no unit. */
  duration(key: string): number | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined || value === 0) return value;
    const time = typeof value === 'string' ? milliseconds(value) : undefined;
    if (time === undefined) throw this.#fault(key, value, DURATION);
    return time;
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

  integer(key: string, [min, max]: readonly [min: number, max: number]): number | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    const isInteger = typeof value === 'number' && Number.isInteger(value);
    if (isInteger && value >= min && value <= max) return value;
    throw this.#fault(key, value, `an integer from ${min} to ${max}`);
  }

  #fault(key: string, value: unknown, rule: string): InputFileError {
    const shown = JSON.stringify(value);
    return new InputFileError(`${FILE}${this.#path}${key}: ${shown} is not ${rule}`);
  }
}

function listOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  return text === '' ? [] : text.split(',').map((each) => each.trim());
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const DURATION = 'a duration such as 30s or 1m30s, of at most 24 days';

/** Returns the milliseconds of a duration as Go writes it: '30s', '1m30s', '0'; else undefined. */
function milliseconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(number) * (UNITS[unit] ?? 0);
  }
  return sum <= MAX_MILLISECONDS ? sum : undefined;
}

/** Returns the milliseconds that an option has, if it is given. */
function optionTime(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = milliseconds(text);
  if (time === undefined) throw new UsageError(`${flag}: '${text}' is not ${DURATION}`);
  return time;
}

/** Returns whole seconds; 0 if there is no duration. */
function seconds(time: number | undefined): number {
  return Math.ceil((time ?? 0) / 1000);
}

function listenAt(flag: string, text: string): Listen | undefined {
  return text === '' ? undefined : parseListen(flag, text);
}
