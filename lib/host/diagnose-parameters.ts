/**
 * Looks at the kernel parameters that matter to IPVS, in one network namespace.
 * @module
 */
import { release } from 'node:os';
import { errnoName } from '../core/errors.js';
import { INVISIBLE, reasonForParameters, WITNESSES } from '../native/missing-files.js';
import { type Check, check, type ReadFiles, type Remedies } from './diagnose-check.js';
import { ESTIMATION_FILES, isEstimating } from './info.js';

const VS = '/proc/sys/net/ipv4/vs';
/** A parameter that every kernel with IPVS has. */
const EVERYWHERE = `${VS}/drop_entry`;
const NETFILTER = '/proc/sys/net/netfilter';

/** What files hold: the text, or the errno. */
type Contents = ReadonlyMap<string, string | number>;

/** What a parameter says, and what should be set. */
interface Judgement {
  readonly status: Check['status'];
  readonly detail: string;
  /** Arguments of `sysctl -w`. */
  readonly settings?: readonly string[];
}

/** A parameter, or some that belong together. */
interface Parameter {
  readonly name: string;
  readonly paths: readonly string[];
  /** What it means that the kernel does not have it, though others are visible. */
  readonly absent: string;
  /** Whether it can only be changed in the initial network namespace. */
  readonly global?: boolean;
  /** By the values of the paths; those that are no integers are NaN. */
  judge(values: readonly number[], contents: Contents): Judgement;
}

const fine = (detail: string): Judgement => ({ status: 'ok', detail });
const warn = (detail: string, ...settings: string[]): Judgement => ({
  status: 'warning',
  detail,
  settings,
});

/** A parameter of 0 or 1 that should be 1. */
function wish(
  name: string,
  parameter: string,
  on: string,
  off: string,
  absent = 'this kernel has no such parameter',
): Parameter {
  return {
    name,
    paths: [`/proc/sys/${parameter.replaceAll('.', '/')}`],
    absent,
    judge: ([value = 0]) => (value > 0 ? fine(on) : warn(off, `${parameter}=1`)),
  };
}

/** Linux 5.9 fixed what conn_reuse_mode 1 had broken. */
function judgeReuse([value]: readonly number[]): Judgement {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const fixed = major > 5 || (major === 5 && minor >= 9);
  if (fixed || value === 0) return fine(`conn_reuse_mode ${value} on Linux ${release()}`);
  return warn(
    'before Linux 5.9, a client that uses a port again waits a second for its connection',
    'net.ipv4.vs.conn_reuse_mode=0',
  );
}

function judgeEstimation(_: readonly number[], contents: Contents): Judgement {
  const [running, processors] = ESTIMATION_FILES.map((path) => contents.get(path));
  if (isEstimating(running, processors) !== false) return fine('counters and rates are refreshed');
  const settings = [
    Number(running) === 0 ? ['run_estimation=1'] : [],
    typeof processors === 'string' && processors.trim() === '' ? ['est_cpulist=all'] : [],
  ].flat();
  return warn(
    'counters and rates stand still: the kernel does not refresh them',
    ...settings.map((setting) => `net.ipv4.vs.${setting}`),
  );
}

/** Above this part of the limit, new connections may soon be dropped. */
const FULL = 0.8;

function judgeConntrack([count = 0, max = 0]: readonly number[]): Judgement {
  if (max === 0) return fine(`${count} tracked connections, without a limit`);
  const detail = `${count} of ${max} tracked connections`;
  if (count < max * FULL) return fine(detail);
  return warn(detail, `net.netfilter.nf_conntrack_max=${max * 2}`);
}

const PARAMETERS: readonly Parameter[] = [
  wish(
    'ip_forward',
    'net.ipv4.ip_forward',
    'IPv4 is forwarded',
    'IPv4 is not forwarded: masquerading reaches servers on this host only',
  ),
  wish(
    'ipv6 forwarding',
    'net.ipv6.conf.all.forwarding',
    'IPv6 is forwarded',
    'IPv6 is not forwarded: masquerading reaches servers on this host only',
    'the kernel has no IPv6, or it is switched off',
  ),
  wish(
    'conntrack',
    'net.ipv4.vs.conntrack',
    'netfilter tracks the connections of IPVS',
    'netfilter does not track the connections of IPVS: its rules for source NAT do not see them',
    'this kernel has no such parameter: it was built without CONFIG_IP_VS_NFCT',
  ),
  {
    name: 'conn_reuse_mode',
    paths: [`${VS}/conn_reuse_mode`],
    absent: 'this kernel has no such parameter',
    judge: judgeReuse,
  },
  wish(
    'expire_nodest_conn',
    'net.ipv4.vs.expire_nodest_conn',
    'connections to a deleted destination end at once',
    'connections to a deleted destination hang until their clients give up',
  ),
  {
    name: 'estimation',
    // The other file came with Linux 6.2.
    paths: ESTIMATION_FILES.slice(0, 1),
    absent: 'this kernel has no such parameter',
    judge: judgeEstimation,
  },
  wish(
    'bridge-nf-call-iptables',
    'net.bridge.bridge-nf-call-iptables',
    'bridged packets pass netfilter',
    'bridged packets bypass netfilter: servers on a bridge of this host are not balanced to from beside them',
    'br_netfilter is not loaded, which matters only where clients and servers share a bridge of this host',
  ),
  {
    name: 'conntrack size',
    paths: [`${NETFILTER}/nf_conntrack_count`, `${NETFILTER}/nf_conntrack_max`],
    absent: 'nf_conntrack is not loaded, or not visible in this network namespace',
    global: true,
    judge: judgeConntrack,
  },
];
const PATHS: readonly string[] = [
  ...new Set([
    ...PARAMETERS.flatMap(({ paths }) => paths),
    ...ESTIMATION_FILES,
    EVERYWHERE,
    ...WITNESSES,
  ]),
];

/** Why a parameter that is missing is; `absent`: if it is not hidden. */
function whyMissing(path: string, absent: string, contents: Contents): string {
  const reason = reasonForParameters(WITNESSES.map((witness) => contents.get(witness)));
  const isOther = !path.startsWith(VS) || typeof contents.get(EVERYWHERE) === 'string';
  if (isOther && (reason === 'unloaded' || reason === 'hidden')) return absent;
  return reason === 'unloaded'
    ? 'IPVS is not loaded'
    : `the parameter is not visible here: ${INVISIBLE[reason]}`;
}

function lookAt(parameter: Parameter, contents: Contents, remedies: Remedies): Check {
  const { name, paths, absent, global = false } = parameter;
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
  const { status, detail, settings } = parameter.judge(values, contents);
  if (settings === undefined) return check(name, status, detail);
  const { remedy, why } = remedies.set(settings, global);
  return check(name, status, why === undefined ? detail : `${detail}; ${why}`, remedy);
}

/** Looks at the parameters of a network namespace. Never rejects. */
export async function checkParameters(readFiles: ReadFiles, remedies: Remedies): Promise<Check[]> {
  try {
    const texts = await readFiles(PATHS);
    const contents: Contents = new Map(PATHS.map((path, index) => [path, texts[index] ?? 0]));
    return PARAMETERS.map((parameter) => lookAt(parameter, contents, remedies));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return PARAMETERS.map(({ name }) => check(name, 'unknown', why));
  }
}
