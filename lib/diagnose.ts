/**
 * What a host lacks, and what mends it.
 * @module
 */
import { constants, release } from 'node:os';
import type { IpvsError } from './errors.js';
import { isKnownAbsent, isLoaded, rememberAbsent } from './modules.js';

/** One thing that was looked at. */
export interface Check {
  /** 'ip_vs', 'capability', 'scheduler mh', 'ip_forward' ... */
  readonly name: string;
  /**
   * - `ok`: as it should be
   * - `warning`: works, but often not as wished
   * - `missing`: what needs it does not work
   * - `unknown`: cannot be told from here
   */
  readonly status: 'ok' | 'warning' | 'missing' | 'unknown';
  /** What was found, in words. */
  readonly detail: string;
  /** The command that mends it, or null. */
  readonly remedy: string | null;
}

/** Reads files in the network namespace in question: the text, or the positive errno. */
export type ReadFiles = (paths: readonly string[]) => Promise<readonly (string | number)[]>;

/** The schedulers of Linux, but for 'none'. */
const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
] as const;

const check = (
  name: string,
  status: Check['status'],
  detail: string,
  remedy: string | null = null,
): Check => ({
  name,
  status,
  detail,
  remedy,
});

/** To load a module now, and at each start of the host. */
const modprobe = (name: string) =>
  `modprobe ${name} && echo ${name} > /etc/modules-load.d/${name}.conf`;

/** What a file of the kernel should hold, and why. */
interface Wish {
  readonly name: string;
  readonly path: string;
  /** What holds where the file is absent. */
  readonly absent: Pick<Check, 'status' | 'detail' | 'remedy'>;
  judge(value: number): Pick<Check, 'status' | 'detail' | 'remedy'>;
}

const fine = (detail: string) => ({ status: 'ok', detail, remedy: null }) as const;
const unsure = (detail: string) => ({ status: 'unknown', detail, remedy: null }) as const;

/** A parameter of 0 or 1 that should be 1. */
function wish(
  name: string,
  parameter: string,
  on: string,
  off: string,
  absent: Wish['absent'],
): Wish {
  return {
    name,
    path: `/proc/sys/${parameter.replaceAll('.', '/')}`,
    absent,
    judge: (value) =>
      value > 0 ? fine(on) : { status: 'warning', detail: off, remedy: `sysctl -w ${parameter}=1` },
  };
}

/** Linux 5.9 mended what conn_reuse_mode 1 had broken. */
function judgeReuse(value: number): ReturnType<Wish['judge']> {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const mended = major > 5 || (major === 5 && minor >= 9);
  if (mended || value === 0) return fine(`conn_reuse_mode ${value} on Linux ${release()}`);
  return {
    status: 'warning',
    detail: 'before Linux 5.9, a client that uses a port again waits a second for its connection',
    remedy: 'sysctl -w net.ipv4.vs.conn_reuse_mode=0',
  };
}

const WISHES: readonly Wish[] = [
  wish(
    'ip_forward',
    'net.ipv4.ip_forward',
    'IPv4 is forwarded',
    'IPv4 is not forwarded: masquerading reaches servers on this host only',
    unsure('/proc/sys cannot be read'),
  ),
  wish(
    'conntrack',
    'net.ipv4.vs.conntrack',
    'netfilter tracks the connections of IPVS',
    'netfilter does not track the connections of IPVS: its rules for source NAT do not see them',
    unsure(
      'there is no such parameter: IPVS is not loaded, or was built without CONFIG_IP_VS_NFCT',
    ),
  ),
  {
    name: 'conn_reuse_mode',
    path: '/proc/sys/net/ipv4/vs/conn_reuse_mode',
    absent: unsure('there is no such parameter: IPVS is not loaded'),
    judge: judgeReuse,
  },
  wish(
    'expire_nodest_conn',
    'net.ipv4.vs.expire_nodest_conn',
    'connections to a deleted destination end at once',
    'connections to a deleted destination hang until their clients give up',
    unsure('there is no such parameter: IPVS is not loaded'),
  ),
  wish(
    'bridge-nf-call-iptables',
    'net.bridge.bridge-nf-call-iptables',
    'bridged packets pass netfilter',
    'bridged packets bypass netfilter: servers on a bridge of this host are not balanced to from beside them',
    unsure(
      'br_netfilter is not loaded, which matters only where clients and servers share a bridge of this host',
    ),
  ),
];

async function checkWishes(readFiles: ReadFiles): Promise<Check[]> {
  const texts = await readFiles(WISHES.map(({ path }) => path));
  return WISHES.map(({ name, absent, judge }, index) => {
    const text = texts[index];
    return { name, ...(typeof text === 'string' ? judge(Number(text)) : absent) };
  });
}

/** Above this part of the limit, new connections may soon be dropped. */
const FULL = 0.8;

async function checkConntrackSize(readFiles: ReadFiles): Promise<Check> {
  const name = 'conntrack size';
  const folder = '/proc/sys/net/netfilter';
  const [count, max] = (
    await readFiles([`${folder}/nf_conntrack_count`, `${folder}/nf_conntrack_max`])
  ).map((text) => (typeof text === 'string' ? Number(text) : undefined));
  if (count === undefined || max === undefined) {
    return check(name, 'unknown', 'nf_conntrack is not loaded, or not to be seen from here');
  }
  const detail = `${count} of ${max} tracked connections`;
  if (count < max * FULL) return check(name, 'ok', detail);
  return check(name, 'warning', detail, `sysctl -w net.netfilter.nf_conntrack_max=${max * 2}`);
}

async function checkScheduler(
  scheduler: string,
  probe: (name: string) => Promise<boolean>,
): Promise<Check> {
  const name = `scheduler ${scheduler}`;
  const module = `ip_vs_${scheduler}`;
  const missing = () =>
    check(name, 'missing', `the kernel has no module ${module}`, modprobe(module));
  if (isKnownAbsent(module)) return missing();
  try {
    if (await probe(scheduler)) return check(name, 'ok', 'available');
    rememberAbsent(module);
    return missing();
  } catch (error) {
    return check(name, 'unknown', error instanceof Error ? error.message : String(error));
  }
}

async function checkDummy(): Promise<Check> {
  const name = 'dummy';
  if (isLoaded('dummy')) return check(name, 'ok', 'the module is loaded');
  const folder = `/lib/modules/${release()}`;
  const [modules = '', builtin = ''] = await readHostFiles([
    `${folder}/modules.dep`,
    `${folder}/modules.builtin`,
  ]);
  const has = (text: string | number) => typeof text === 'string' && /\/dummy\.ko/.test(text);
  if (has(builtin)) return check(name, 'ok', 'built into the kernel');
  if (has(modules)) return check(name, 'ok', 'the kernel loads the module on demand');
  if (typeof modules === 'string') {
    return check(name, 'missing', 'the kernel has no dummy links', modprobe('dummy'));
  }
  return check(name, 'unknown', `${folder} is not to be seen from here`);
}

/** Looks at everything, through a handle that is open. @internal */
export async function diagnoseThrough(
  version: string,
  readFiles: ReadFiles,
  probe: (name: string) => Promise<boolean>,
  netns: string,
): Promise<Check[]> {
  const schedulers = SCHEDULERS.map((scheduler) => checkScheduler(scheduler, probe));
  return [
    check('ip_vs', 'ok', `IPVS ${version}`),
    check('capability', 'ok', 'CAP_NET_ADMIN in the initial user namespace'),
    ...(await Promise.all(schedulers)),
    await checkDummy(),
    ...(await checkParameters(readFiles, netns)),
  ];
}

/** The parameters of a network namespace; a remedy acts in that one. */
async function checkParameters(readFiles: ReadFiles, netns: string): Promise<Check[]> {
  const checks = [...(await checkWishes(readFiles)), await checkConntrackSize(readFiles)];
  if (netns === '') return checks;
  return checks.map(({ remedy, ...check }) => ({
    ...check,
    remedy: remedy === null ? null : `nsenter --net=${netns} ${remedy}`,
  }));
}

/**
 * Looks at what can be seen without a handle: why none can be opened, and the parameters of the process's own network namespace, if that
 * is the one.
 * @internal
 */
export async function diagnoseWithout(error: IpvsError, netns: string): Promise<Check[]> {
  const parameters = netns === '' ? await checkParameters(readHostFiles, '') : [];
  return [...explainFailure(error), await checkDummy(), ...parameters];
}

function explainFailure({ code, message: detail, syscall }: IpvsError): Check[] {
  if (syscall === 'open' || syscall === 'setns') {
    const untried = 'the network namespace could not be entered';
    return [
      check('netns', 'missing', detail),
      check('ip_vs', 'unknown', untried),
      check('capability', 'unknown', untried),
    ];
  }
  if (code === 'ERR_IPVS_UNSUPPORTED_PLATFORM') return [check('platform', 'missing', detail)];
  if (code === 'ERR_IPVS_UNAVAILABLE') {
    return [
      check('ip_vs', 'missing', detail, modprobe('ip_vs')),
      check('capability', 'unknown', 'without IPVS it cannot be tried'),
    ];
  }
  if (code === 'EPERM') {
    return [
      check('ip_vs', 'ok', 'the kernel has IPVS'),
      check('capability', 'missing', detail, 'docker run --cap-add NET_ADMIN ... (not rootless)'),
    ];
  }
  return [check('ip_vs', 'unknown', detail)];
}

const readHostFiles: ReadFiles = async (paths) => {
  // Loaded on demand, as in lib/modules.ts.
  const { readFile } = await import('node:fs/promises');
  return Promise.all(
    paths.map((path) =>
      readFile(path, 'latin1').catch(
        (error: NodeJS.ErrnoException) => -(error.errno ?? -constants.errno.EIO),
      ),
    ),
  );
};
