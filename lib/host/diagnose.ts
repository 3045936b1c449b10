/**
 * What a host lacks for IPVS, and what fixes it.
 * @module
 */
import { constants } from 'node:os';
import { readArray, readOptions } from '../core/check.js';
import { schedulers as known } from '../ipvs/names.js';
import { checkModuleName } from '../ipvs/persistence.js';
import { MAX_SCHEDULER, type Scheduler } from '../ipvs/service.js';
import {
  absenceOf,
  factsOf,
  isKnownAbsent,
  isLoaded,
  rememberAbsent,
} from '../native/kernel-modules.js';
import { checkOpenOptions, type NamespaceTarget } from '../native/netns.js';
import { type Check, check, type ReadFiles, remediesOf } from './diagnose-check.js';
import { checkParameters } from './diagnose-parameters.js';

export type { Check } from './diagnose-check.js';

/** Options of {@link Ipvs.diagnose}, and of {@link diagnose} besides those of opening. */
export interface DiagnoseOptions {
  /**
   * The schedulers to look at: those that are needed here. Default: all of Linux, of which a kernel
   * rarely has each.
   */
  readonly schedulers?: readonly Scheduler[] | undefined;
}

/** The schedulers of Linux that are modules. */
const SCHEDULERS: readonly string[] = known.filter((name) => name !== 'none');
const KEYS: ReadonlySet<'schedulers'> = new Set(['schedulers']);
const HOST_KEYS: ReadonlySet<'netns' | 'schedulers'> = new Set(['netns', 'schedulers']);

/** The schedulers that are named, each once; undefined: none is. @internal */
export function checkDiagnoseOptions(options: unknown): readonly string[] | undefined {
  return checkSchedulers(readOptions(options, KEYS).schedulers);
}

/** The same with the network namespace. @internal */
export function checkHostOptions(options: unknown): {
  readonly netns: NamespaceTarget;
  readonly schedulers: readonly string[] | undefined;
} {
  const { netns, schedulers } = readOptions(options, HOST_KEYS);
  return { netns: checkOpenOptions({ netns }), schedulers: checkSchedulers(schedulers) };
}

function checkSchedulers(schedulers: unknown): readonly string[] | undefined {
  if (schedulers === undefined) return undefined;
  const rule = "an array of schedulers such as ['wrr']";
  const names = readArray('options.schedulers', schedulers, rule, (name, index) =>
    checkModuleName(`options.schedulers[${index}]`, name, MAX_SCHEDULER),
  );
  return [...new Set(names)];
}

async function checkScheduler(
  scheduler: string,
  probe: (name: string) => Promise<boolean>,
): Promise<Check> {
  const name = `scheduler ${scheduler}`;
  const module = `ip_vs_${scheduler}`;
  const missing = () => {
    const { detail, remedy } = absenceOf(module);
    return check(name, 'missing', detail, remedy);
  };
  if (isKnownAbsent(module)) return missing();
  try {
    if (await probe(scheduler)) return check(name, 'ok', 'available');
    // Without a program to run, asking again costs nothing.
    if (factsOf(module).loader !== '') rememberAbsent(module);
    return missing();
  } catch (error) {
    // Such as where IPv6 is switched off, by which it is tried.
    if (isLoaded(module)) return check(name, 'ok', 'the module is loaded');
    return check(name, 'unknown', messageOf(error));
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function checkDummy(): Check {
  const name = 'dummy';
  const facts = factsOf('dummy');
  if (facts.loaded) return check(name, 'ok', 'the module is loaded, or built into the kernel');
  const { detail, remedy } = absenceOf('dummy', facts);
  if (facts.onDisk === false) return check(name, 'missing', 'the kernel has no dummy links');
  if (facts.loader === '' || facts.forbidden) {
    // Without the parameter, there would be a link that nobody asked for.
    return check(name, 'missing', detail, remedy === null ? null : `${remedy} numdummies=0`);
  }
  return facts.onDisk
    ? check(name, 'ok', 'the kernel loads the module on demand')
    : check(name, 'unknown', 'the modules of the kernel are not visible here');
}

/** Looks at everything, through a handle that is open. Never rejects. @internal */
export async function diagnoseThrough(
  version: string,
  readFiles: ReadFiles,
  probe: (name: string) => Promise<boolean>,
  netns: NamespaceTarget,
  schedulers: readonly string[] = SCHEDULERS,
): Promise<Check[]> {
  const looks = schedulers.map((scheduler) => checkScheduler(scheduler, probe));
  return [
    check('ip_vs', 'ok', `IPVS ${version}`),
    check('capability', 'ok', 'CAP_NET_ADMIN in the initial user namespace'),
    ...(await Promise.all(looks)),
    checkDummy(),
    ...(await checkParameters(readFiles, remediesOf(netns))),
  ];
}

/**
 * Looks at what can be seen without a handle: why none can be opened, and the parameters of the
 * process's own network namespace, if that is the one. Never rejects.
 * @internal
 */
export async function diagnoseWithout(
  error: unknown,
  netns: NamespaceTarget,
  schedulers: readonly string[] = [],
): Promise<Check[]> {
  const own = netns.target === '';
  const parameters = own ? await checkParameters(readHostFiles, remediesOf(netns)) : [];
  return [
    ...explainFailure(error),
    ...schedulers.map((name) => check(`scheduler ${name}`, 'unknown', UNTRIED)),
    checkDummy(),
    ...parameters,
  ];
}

/** Calls that take no rights, and their errors where something forbids netlink. */
const NETLINK_CALLS: ReadonlySet<string> = new Set(['socket', 'bind', 'CTRL_CMD_GETFAMILY']);
const NO_NETLINK: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'ENOSYS',
]);
const UNTRIED = 'without IPVS it cannot be tried';
const RIGHTS =
  'CAP_NET_ADMIN in the initial user namespace is missing: root has it, and a container that is started ' +
  'with it (docker run --cap-add NET_ADMIN), but no rootless one';

/** What an error of opening, or of speaking to IPVS, says of the host. */
function explainFailure(error: unknown): Check[] {
  // It was diagnose() that was called.
  const detail = messageOf(error).replace(/^(open|getInfo)(: | )/, '');
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const untried = (why: string) =>
    ['ip_vs', 'capability'].map((name) => check(name, 'unknown', why));
  if (code === 'ERR_IPVS_UNSUPPORTED_PLATFORM') return [check('platform', 'missing', detail)];
  if (code === 'ERR_IPVS_NO_ADDON') {
    return [check('addon', 'missing', detail), ...untried('without the addon it cannot be tried')];
  }
  if (code === 'ERR_IPVS_UNAVAILABLE') {
    const { remedy } = absenceOf('ip_vs');
    return [check('ip_vs', 'missing', detail, remedy), check('capability', 'unknown', UNTRIED)];
  }
  if (syscall === 'open' || syscall === 'setns' || syscall === 'fcntl') {
    const why = 'the network namespace could not be entered';
    return [check('netns', 'missing', detail), ...untried(why)];
  }
  if (NETLINK_CALLS.has(String(syscall)) && NO_NETLINK.has(String(code))) {
    return [check('netlink', 'missing', detail), ...untried('without netlink it cannot be tried')];
  }
  if (code === 'EPERM') {
    return [check('ip_vs', 'ok', 'the kernel has IPVS'), check('capability', 'missing', RIGHTS)];
  }
  return [check('ip_vs', 'unknown', detail)];
}

const readHostFiles: ReadFiles = async (paths) => {
  // Loaded on demand, as in lib/native/kernel-modules.ts.
  const { readFile } = await import('node:fs/promises');
  return Promise.all(
    paths.map((path) =>
      readFile(path, 'latin1').catch(
        (error: NodeJS.ErrnoException) => -(error.errno ?? -constants.errno.EIO),
      ),
    ),
  );
};
