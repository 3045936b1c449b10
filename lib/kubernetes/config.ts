/**
 * How Services are compiled: the configuration, with kube-proxy's names and defaults.
 * @module
 */
import { checkBoolean, checkName, readArray, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { checkNewLinkName } from '../core/link-name.js';
import { IP_FAMILIES, type IPFamily } from './families.js';
import { type Network, readNetwork } from './networks.js';
import { isSchedulerName, SCHEDULER_RULE } from './scheduler-name.js';

/**
 * The configuration. The first five have the names of kube-proxy's KubeProxyConfiguration, in its
 * section `ipvs` or beside that, and its defaults. The others are additions, off by default.
 */
export interface CompileConfig {
  /** The families for which virtual addresses are compiled. Default both. */
  readonly ipFamilies?: readonly IPFamily[] | undefined;
  /** The scheduler of all services. Default 'rr'. `mh` gets the flag `mh-port`. */
  readonly scheduler?: string | undefined;
  /**
   * The networks whose addresses of the node have node ports, or `['primary']` for the node's IPs.
   * Default, for a family of which it names no network: all addresses of the node but loopback.
   */
  readonly nodePortAddresses?: readonly string[] | undefined;
  /** Networks whose IPVS services are left alone: see {@link reconcileOptions}. Default none. */
  readonly excludeCIDRs?: readonly string[] | undefined;
  /**
   * False: weights that differ from those of the state are left alone, as kube-proxy does in all
   * syncs but the first: see {@link reconcileOptions}. Default true.
   */
  readonly initialSync?: boolean | undefined;
  /** The dummy link of the virtual addresses. Default 'kube-ipvs0'. */
  readonly link?: string | undefined;
  /**
   * The annotation of Services that names their scheduler, such as 'example.com/scheduler'.
   * Default: none is read.
   */
  readonly schedulerAnnotation?: string | undefined;
  /**
   * The annotation of EndpointSlices that gives the weight of their endpoints, 0 to 65535, such as
   * 'example.com/weight'. Default: none is read, and all weights are 1.
   */
  readonly weightAnnotation?: string | undefined;
}

/** A checked configuration. */
export interface Config {
  readonly families: readonly IPFamily[];
  readonly scheduler: string;
  /** The networks with node ports; undefined: the node's IPs. */
  readonly nodePortNetworks: readonly Network[] | undefined;
  readonly excluded: readonly Network[];
  readonly initialSync: boolean;
  readonly link: string;
  readonly schedulerAnnotation: string | undefined;
  readonly weightAnnotation: string | undefined;
}

const KEYS = new Set([
  'ipFamilies',
  'scheduler',
  'nodePortAddresses',
  'excludeCIDRs',
  'initialSync',
  'link',
  'schedulerAnnotation',
  'weightAnnotation',
] as const);

/**
 * Checks a configuration.
 * @throws TypeError, RangeError bad input
 */
export function checkConfig(value: unknown): Config {
  const given = readObject('config', value ?? {}, KEYS);
  const { ipFamilies, scheduler, nodePortAddresses, excludeCIDRs, initialSync } = given;
  return {
    families: ipFamilies === undefined ? IP_FAMILIES : checkFamilies(ipFamilies),
    scheduler: checkScheduler(scheduler),
    nodePortNetworks: isPrimary(nodePortAddresses)
      ? undefined
      : readNetworks('config.nodePortAddresses', nodePortAddresses),
    excluded: readNetworks('config.excludeCIDRs', excludeCIDRs),
    initialSync: initialSync === undefined || checkBoolean('config.initialSync', initialSync),
    link: checkLink(given.link),
    schedulerAnnotation: checkAnnotation('schedulerAnnotation', given.schedulerAnnotation),
    weightAnnotation: checkAnnotation('weightAnnotation', given.weightAnnotation),
  };
}

function checkFamilies(value: unknown): readonly IPFamily[] {
  const rule = "an array such as ['IPv4', 'IPv6']";
  const families = readArray('config.ipFamilies', value, rule, (family, index) => {
    checkName(`config.ipFamilies[${index}]`, family, IP_FAMILIES);
    return family;
  });
  if (families.length === 0) throw wrongValue('config.ipFamilies', value, 'names no family');
  return [...new Set(families)];
}

/** Returns true for the value that stands for the node's own IPs. */
function isPrimary(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1 && value[0] === 'primary';
}

function readNetworks(property: string, value: unknown): readonly Network[] {
  if (value === undefined) return [];
  const rule = "an array of networks such as ['192.0.2.0/24']";
  return readArray(property, value, rule, (network, index) =>
    readNetwork(`${property}[${index}]`, network),
  );
}

function checkText(key: string, value: unknown, rule: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(`config.${key}`, value, rule);
  // kube-proxy's configuration writes '' for the default.
  return value === '' ? undefined : value;
}

function checkScheduler(value: unknown): string {
  const name = checkText('scheduler', value, SCHEDULER_RULE) ?? 'rr';
  if (!isSchedulerName(name))
    throw wrongValue('config.scheduler', name, `is not ${SCHEDULER_RULE}`);
  return name;
}

function checkLink(value: unknown): string {
  const name = checkText('link', value, 'the name of a link') ?? 'kube-ipvs0';
  checkNewLinkName('config.link', name);
  return name;
}

function checkAnnotation(key: string, value: unknown): string | undefined {
  return checkText(key, value, "the name of an annotation such as 'example.com/weight'");
}
