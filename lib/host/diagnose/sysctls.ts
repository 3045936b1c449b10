/**
 * Checks of the kernel parameters that matter to IPVS, in one network namespace. A new check is a
 * row of {@link CHECKS}.
 * @module
 */
import { release } from 'node:os';
import { errnoName, errorMessage } from '../../core/errors.js';
import { INVISIBLE, reasonForParameters, WITNESSES } from '../../native/missing-files.js';
import { ESTIMATION_FILES, isEstimating } from '../info.js';
import { EVERYWHERE, IPVS_FOLDER } from '../sysctl-parameters.js';
import { type Check, check, type ReadFiles } from './check.js';
import type { SysctlRemedy } from './remedies.js';

const NETFILTER = '/proc/sys/net/netfilter';

/** The contents of files, by path: the text, or the errno. */
type Contents = ReadonlyMap<string, string | number>;

/** The meaning of the values of parameters. */
interface Finding {
  readonly status: Check['status'];
  readonly detail: string;
  /** The settings that are missing: arguments of `sysctl -w`. */
  readonly settings?: readonly string[];
}

/** A check of a parameter, or of several that belong together. */
interface ParameterCheck {
  readonly name: string;
  readonly paths: readonly string[];
  /** The detail if the kernel does not have the parameter, although others are visible. */
  readonly absent: string;
  /** True if it can only be changed in the initial network namespace. */
  readonly global?: boolean;
  /** Assesses the values of the paths, which are integers. */
  assess(values: readonly number[], contents: Contents): Finding;
}

const ok = (detail: string): Finding => ({ status: 'ok', detail });
const warning = (detail: string, ...settings: string[]): Finding => ({
  status: 'warning',
  detail,
  settings,
});

/** A parameter of 0 or 1 that should be 1. */
interface Switch {
  readonly name: string;
  readonly parameter: string;
  readonly on: string;
  readonly off: string;
  readonly absent?: string;
}

const ABSENT = 'this kernel has no such parameter';

const shouldBeOn = ({ name, parameter, on, off, absent = ABSENT }: Switch): ParameterCheck => ({
  name,
  paths: [`/proc/sys/${parameter.replaceAll('.', '/')}`],
  absent,
  assess: ([value = 0]) => (value > 0 ? ok(on) : warning(off, `${parameter}=1`)),
});

/** Linux 5.9 fixed what conn_reuse_mode 1 had broken. */
function assessReuse([value]: readonly number[]): Finding {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const fixed = major > 5 || (major === 5 && minor >= 9);
  if (fixed || value === 0) return ok(`conn_reuse_mode ${value} on Linux ${release()}`);
  return warning(
    'before Linux 5.9, a client that uses a port again waits a second for its connection',
    'net.ipv4.vs.conn_reuse_mode=0',
  );
}

function assessEstimation(_: readonly number[], contents: Contents): Finding {
  const [running, processors] = ESTIMATION_FILES.map((path) => contents.get(path));
  if (isEstimating(running, processors) !== false) return ok('counters and rates are refreshed');
  const settings = [
    Number(running) === 0 ? ['run_estimation=1'] : [],
    typeof processors === 'string' && processors.trim() === '' ? ['est_cpulist=all'] : [],
  ].flat();
  return warning(
    'counters and rates stand still: the kernel does not refresh them',
    ...settings.map((setting) => `net.ipv4.vs.${setting}`),
  );
}

/** The share of the limit above which new connections may soon be dropped. */
const FULL = 0.8;

function assessConntrack([count = 0, max = 0]: readonly number[]): Finding {
  if (max === 0) return ok(`${count} tracked connections, without a limit`);
  const detail = `${count} of ${max} tracked connections`;
  if (count < max * FULL) return ok(detail);
  return warning(detail, `net.netfilter.nf_conntrack_max=${max * 2}`);
}

const CHECKS: readonly ParameterCheck[] = [
  shouldBeOn({
    name: 'ip_forward',
    parameter: 'net.ipv4.ip_forward',
    on: 'IPv4 is forwarded',
    off: 'IPv4 is not forwarded: masquerading reaches servers on this host only',
  }),
  shouldBeOn({
    name: 'ipv6 forwarding',
    parameter: 'net.ipv6.conf.all.forwarding',
    on: 'IPv6 is forwarded',
    off: 'IPv6 is not forwarded: masquerading reaches servers on this host only',
    absent: 'the kernel has no IPv6, or it is switched off',
  }),
  shouldBeOn({
    name: 'conntrack',
    parameter: 'net.ipv4.vs.conntrack',
    on: 'netfilter tracks the connections of IPVS',
    off:
      'netfilter does not track the connections of IPVS: its rules for source NAT do not see ' +
      'them',
    absent: `${ABSENT}: it was built without CONFIG_IP_VS_NFCT`,
  }),
  {
    name: 'conn_reuse_mode',
    paths: [`${IPVS_FOLDER}/conn_reuse_mode`],
    absent: ABSENT,
    assess: assessReuse,
  },
  shouldBeOn({
    name: 'expire_nodest_conn',
    parameter: 'net.ipv4.vs.expire_nodest_conn',
    on: 'connections to a deleted destination end at once',
    off: 'connections to a deleted destination hang until their clients give up',
  }),
  shouldBeOn({
    name: 'expire_quiescent_template',
    parameter: 'net.ipv4.vs.expire_quiescent_template',
    on: 'clients of a persistent service leave a destination of weight 0',
    off:
      'clients of a persistent service stay at a destination of weight 0 also with new ' +
      'connections: it may never be drained',
  }),
  {
    name: 'estimation',
    // The other file exists from Linux 6.2 only.
    paths: ESTIMATION_FILES.slice(0, 1),
    absent: ABSENT,
    assess: assessEstimation,
  },
  shouldBeOn({
    name: 'bridge-nf-call-iptables',
    parameter: 'net.bridge.bridge-nf-call-iptables',
    on: 'bridged packets pass netfilter',
    off:
      'bridged packets bypass netfilter: connections between neighbours on a bridge of this host ' +
      'are not balanced',
    absent:
      'br_netfilter is not loaded, which matters only where clients and servers share a bridge ' +
      'of this host',
  }),
  {
    name: 'conntrack size',
    paths: [`${NETFILTER}/nf_conntrack_count`, `${NETFILTER}/nf_conntrack_max`],
    absent: 'nf_conntrack is not loaded, or not visible in this network namespace',
    global: true,
    assess: assessConntrack,
  },
];

/** The files that the checks read. */
const PATHS: readonly string[] = [
  ...new Set([
    ...CHECKS.flatMap(({ paths }) => paths),
    ...ESTIMATION_FILES,
    EVERYWHERE,
    ...WITNESSES,
  ]),
];

/** Returns the reason why a parameter is missing: `absent` if it is not hidden. */
function whyMissing(path: string, absent: string, contents: Contents): string {
  const reason = reasonForParameters(WITNESSES.map((witness) => contents.get(witness)));
  const isOther = !path.startsWith(IPVS_FOLDER) || typeof contents.get(EVERYWHERE) === 'string';
  if (isOther && (reason === 'unloaded' || reason === 'hidden')) return absent;
  return reason === 'unloaded'
    ? 'IPVS is not loaded'
    : `the parameter is not visible here: ${INVISIBLE[reason]}`;
}

function checkParameter(
  { name, paths, absent, global = false, assess }: ParameterCheck,
  contents: Contents,
  sysctlRemedy: SysctlRemedy,
): Check {
  const texts = paths.map((path) => contents.get(path) ?? 0);
  const unreadable = texts.findIndex((text) => typeof text === 'number');
  if (unreadable >= 0) {
    const code = errnoName(Number(texts[unreadable]));
    const path = paths[unreadable] ?? '';
    const why =
      code === 'ENOENT' ? whyMissing(path, absent, contents) : `${path} cannot be read (${code})`;
    return check(name, 'unknown', why);
  }
  const values = texts.map((text) => (/^\s*-?\d+\s*$/.test(String(text)) ? Number(text) : NaN));
  if (values.some(Number.isNaN)) {
    return check(name, 'unknown', `${paths.join(', ')}: this is not what a kernel shows`);
  }
  const { status, detail, settings } = assess(values, contents);
  if (settings === undefined) return check(name, status, detail);
  const { remedy, why } = sysctlRemedy(settings, global);
  return check(name, status, why === undefined ? detail : `${detail}; ${why}`, remedy);
}

/** Checks the parameters of a network namespace. Never rejects. */
export async function checkParameters(
  readFiles: ReadFiles,
  sysctlRemedy: SysctlRemedy,
): Promise<Check[]> {
  try {
    const texts = await readFiles(PATHS);
    const contents: Contents = new Map(PATHS.map((path, index) => [path, texts[index] ?? 0]));
    return CHECKS.map((each) => checkParameter(each, contents, sysctlRemedy));
  } catch (error) {
    return CHECKS.map(({ name }) => check(name, 'unknown', errorMessage(error)));
  }
}
