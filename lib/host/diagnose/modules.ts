/**
 * Checks of the kernel modules that IPVS and links need.
 * @module
 */
import { release } from 'node:os';
import { describeRefusal, isDenied } from '../../core/denied.js';
import { errorMessage } from '../../core/errors.js';
import { absenceOf, factsOf, isKnownAbsent, rememberAbsent } from '../../native/kernel-modules.js';
import { type Check, check } from './check.js';

/**
 * Checks a scheduler. Never rejects. @internal
 * @param probe asks the kernel for the scheduler; resolves to false if there is none
 */
export async function checkScheduler(
  scheduler: string,
  probe: (name: string) => Promise<boolean>,
): Promise<Check> {
  const name = schedulerName(scheduler);
  const module = `ip_vs_${scheduler}`;
  const missing = () => {
    const { detail, remedy } = absenceOf(module);
    return check(name, 'missing', detail, remedy);
  };
  if (isKnownAbsent(module)) return missing();
  try {
    if (await probe(scheduler)) return check(name, 'ok', 'available');
    // Asking again costs nothing if the kernel has no program to run.
    if (factsOf(module).loader !== '') rememberAbsent(module);
    return missing();
  } catch (error) {
    // The probe is an IPv6 service, which fails where IPv6 is switched off.
    const { loaded, onDisk } = factsOf(module);
    if (loaded) return check(name, 'ok', 'the module is loaded, or built into the kernel');
    if (onDisk === false) return missing();
    return check(name, 'unknown', errorMessage(error));
  }
}

/** The name of the check of a scheduler. @internal */
export const schedulerName = (scheduler: string) => `scheduler ${scheduler}`;

/** Checks the module of dummy links. @internal */
export function checkDummy(): Check {
  const name = 'dummy';
  const facts = factsOf('dummy');
  if (facts.loaded) return check(name, 'ok', 'the module is loaded, or built into the kernel');
  const { detail, remedy } = absenceOf('dummy', facts);
  if (facts.onDisk === false) return check(name, 'missing', 'the kernel has no dummy links');
  if (facts.loader === '' || facts.forbidden) {
    // Without the parameter, the module would create a link of its own.
    return check(name, 'missing', detail, remedy === null ? null : `${remedy} numdummies=0`);
  }
  return facts.onDisk
    ? check(name, 'ok', 'the kernel loads the module on demand')
    : check(name, 'unknown', whyInvisible());
}

/** The flags of Node.js that show modules: those on disk, those that are loaded, and the loader. */
const MODULE_FLAGS =
  '--allow-fs-read=/lib/modules, --allow-fs-read=/sys/module and --allow-fs-read=/proc/sys/kernel';

function whyInvisible(): string {
  try {
    // Deno may hide the release, which is the name of the modules' folder.
    release();
    // Node.js refuses the files of a folder that does not exist, whatever the flags are.
    process.getBuiltinModule('node:fs').accessSync('/lib/modules');
  } catch (error) {
    if (isDenied(error)) {
      return describeRefusal(error, 'look for modules', MODULE_FLAGS, '--allow-read');
    }
  }
  return 'the modules of the kernel are not visible here';
}
