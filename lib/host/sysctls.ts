/**
 * Reading and changing the kernel parameters of IPVS: /proc/sys/net/ipv4/vs.
 * @module
 */
import { constants } from 'node:os';
import { describeArgument } from '../core/arguments.js';
import { readObject } from '../core/check.js';
import { errnoName, IpvsError } from '../core/errors.js';
import { isInputError, wrongValue } from '../core/input-errors.js';
import { registerEntries } from '../core/stack.js';
import { types } from '../core/util.js';
import { missingFilesError, reasonForParameters, WITNESSES } from '../native/missing-files.js';
import type { Returns } from '../queue/returns.js';
import { type FileRoutine, readFiles, routineOf, writeFiles } from '../queue/routine.js';
import type { Kind } from './sysctl-kinds.js';
import { EVERYWHERE, IPVS_FOLDER, PARAMETERS, type Sysctls } from './sysctl-parameters.js';

/** The parameters to change, at least one. */
export type SysctlChanges = { readonly [Name in keyof Sysctls]: Sysctls[Name] | undefined };

const { ENOENT } = constants.errno;

// Object.keys() returns the keys of PARAMETERS, which are those of Sysctls.
const NAMES = Object.keys(PARAMETERS) as (keyof Sysctls)[];
const KEYS = new Set(NAMES);

const pathOf = (name: keyof Sysctls) => `${IPVS_FOLDER}/${PARAMETERS[name][0]}`;

function parse<Name extends keyof Sysctls>(name: Name, text: string): Required<Sysctls>[Name] {
  return PARAMETERS[name][1].parse(text.trim());
}

/** A parameter that is to be set. */
interface Setting {
  readonly name: keyof Sysctls;
  readonly path: string;
  /** The text to write. Undefined if the value is not valid. */
  readonly text: string | undefined;
  /** Why the value is not valid. It is accepted nevertheless if the parameter already has it. */
  readonly error: unknown;
  /** Returns true if the parameter, whose file holds `current`, need not be written. */
  matches(current: string): boolean;
}

function settingOf<Name extends keyof Sysctls>(name: Name, value: unknown): Setting {
  const kind: Kind<Required<Sysctls>[Name]> = PARAMETERS[name][1];
  const { equals = isSame } = kind;
  const setting = { name, path: pathOf(name) };
  try {
    const valid = kind.check(`sysctls.${name}`, value);
    const matches = (current: string) => equals(parse(name, current), valid);
    return { ...setting, text: kind.format(valid), error: undefined, matches };
  } catch (error) {
    if (isInputError(error)) Object.assign(error, { target: name });
    // The kernel cannot have shown a value of another type.
    if (!isValueError(error)) throw error;
    const matches = (current: string) => isSame(parse(name, current), value);
    return { ...setting, text: undefined, error, matches };
  }
}

const isValueError = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code !== 'ERR_INVALID_ARG_TYPE';

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((each, index) => Object.is(each, b[index]));
}

/** Runs a routine on the files of a namespace. */
type RunRoutine<How extends 'promise' | 'value'> = <Value>(
  operation: string,
  routine: FileRoutine<Value>,
) => Returns<Value>[How];

/** The operations on parameters: with promises, or synchronous. */
abstract class SysctlOperations<How extends 'promise' | 'value'> {
  readonly #runRoutine: RunRoutine<How>;

  /**
   * Not for callers: use `ipvs.sysctls`.
   * @internal
   */
  constructor(runRoutine: RunRoutine<How>) {
    this.#runRoutine = runRoutine;
  }

  /**
   * Returns all parameters that the kernel has.
   * @throws IpvsError ENOENT: they are not visible here, because /proc/sys is missing or the kernel
   *   hides them; EACCES: they may not be read
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: IPVS is not loaded
   */
  get(): Returns<Sysctls>[How];
  get(...args: []) {
    return this.#runRoutine('sysctls.get', routineOf(readParameters, args));
  }

  /**
   * Changes parameters: all that are given or, if one cannot be written, none: those written before
   * it are restored. A parameter that already has its value is not written, so that
   * `set(await get())` succeeds even where nothing may be changed.
   * @throws IpvsError ENOENT: this kernel has no such parameter, or none is visible here
   * @throws IpvsError EINVAL: the kernel does not accept the value
   * @throws IpvsError EACCES, EPERM, EROFS: the parameter may not be changed here
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: IPVS is not loaded
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const before = await ipvs.sysctls.get();
   * await ipvs.sysctls.set({ expireNodestConn: true, expireQuiescentTemplate: true });
   * console.log(before.expireNodestConn, (await ipvs.sysctls.get()).expireNodestConn);
   * await ipvs.sysctls.set(before);
   * await ipvs.close();
   * ```
   */
  set(changes: SysctlChanges): Returns<void>[How];
  set(...args: [changes: SysctlChanges]) {
    return this.#runRoutine('sysctls.set', routineOf(writeParameters, args, unknownIn));
  }
}

registerEntries(SysctlOperations.prototype, 'sysctls.');

/** The kernel parameters of a handle's network namespace. */
export class SysctlAccess extends SysctlOperations<'promise'> {}

/**
 * The operations of {@link SysctlAccess} without promises: each method returns its value, or throws
 * its error.
 */
export class SyncSysctlAccess extends SysctlOperations<'value'> {}

function* readParameters(): FileRoutine<Sysctls> {
  const texts = yield* readFiles(NAMES.map(pathOf));
  if (!texts.some(isText)) throw yield* noParameters(texts);
  const values: Partial<Record<keyof Sysctls, unknown>> = {};
  NAMES.forEach((name, index) => {
    const text = texts[index];
    if (isText(text)) values[name] = parse(name, text);
  });
  // parse() returns for each name the type that Sysctls gives it.
  return values as Sysctls;
}

const isText = (text: string | number | undefined) => typeof text === 'string';

/** Returns the error if no parameter can be read. */
function* noParameters(errnos: readonly (string | number)[]): FileRoutine<IpvsError> {
  const index = errnos.findIndex((errno) => errno !== ENOENT);
  const name = NAMES[index];
  if (name === undefined) return yield* missingParameters('sysctls.get');
  return refusalError('get', name, Number(errnos[index]));
}

/** Returns the error if no parameter exists. */
function* missingParameters(operation: string): FileRoutine<IpvsError> {
  const reason = reasonForParameters(yield* readFiles(WITNESSES));
  return missingFilesError(operation, 'the parameters of IPVS are', IPVS_FOLDER, reason);
}

/** The first key that is not the name of a parameter, as errors show it; '' if there is none. */
function unknownIn(changes: unknown): string {
  if (typeof changes !== 'object' || changes === null || types.isProxy(changes)) return '';
  const key = Object.keys(changes).find((each) => !NAMES.some((name) => name === each));
  return key === undefined ? '' : describeArgument(key);
}

/** A setting that must be written, with the content of its file. */
type Change = Setting & { readonly before: string | number | undefined };

function* writeParameters(changes: SysctlChanges): FileRoutine<void> {
  const settings = checkChanges(changes);
  const paths = settings.map(({ path }) => path);
  const texts = yield* readFiles([EVERYWHERE, ...paths]);
  const needed = settings.flatMap((setting, index): Change[] => {
    const before = texts[index + 1];
    return typeof before === 'string' && setting.matches(before) ? [] : [{ ...setting, before }];
  });
  for (const { error } of needed) if (error !== undefined) throw error;
  for (const { name, before } of needed) {
    if (typeof before !== 'number') continue;
    if (before === ENOENT && !texts.some(isText)) throw yield* missingParameters('sysctls.set');
    throw refusalError('set', name, before);
  }
  if (needed.length > 0) yield* writeAll(needed);
}

function checkChanges(changes: unknown): Setting[] {
  const values = readObject('sysctls', changes, KEYS);
  const names = NAMES.filter((name) => values[name] !== undefined);
  if (names.length === 0) throw wrongValue('sysctls', changes, 'names no parameter');
  return names.map((name) => settingOf(name, values[name]));
}

/** Writes all files; restores those that were written if one cannot be. */
function* writeAll(changes: readonly Change[]): FileRoutine<void> {
  const errnos = yield* writeFiles(changes.map(({ path, text = '' }) => ({ path, text })));
  const index = errnos.findIndex((errno) => errno !== 0);
  const failed = changes[index];
  if (failed === undefined) return;
  const stuck: string[] = [];
  for (const { name, path, before } of changes.slice(0, index).reverse()) {
    const [errno] = yield* writeFiles([{ path, text: `${before}` }]);
    if (errno !== 0) stuck.push(name);
  }
  throw refusalError('set', failed.name, errnos[index] ?? 0, stuck);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'this kernel has no such parameter',
  EINVAL: 'the kernel does not accept the value',
  EACCES: 'it may not be changed here',
  EPERM: 'it may not be changed here',
  EROFS: '/proc/sys is read-only here, as in an unprivileged container',
};

/** Returns the error for a parameter; `stuck` are those that could not be restored. */
function refusalError(
  method: 'get' | 'set',
  name: keyof Sysctls,
  errno: number,
  stuck: readonly string[] = [],
): IpvsError {
  const code = errnoName(errno);
  const rest = stuck.length === 0 ? '' : `; ${stuck.join(', ')} could not be restored`;
  const target = pathOf(name);
  const why = method === 'get' ? 'it cannot be read' : (REASONS[code] ?? 'it cannot be written');
  return new IpvsError(`sysctls.${method} ${name} (${target}): ${why} (${code})${rest}`, {
    code,
    errno: -errno,
    syscall: method === 'get' ? 'read' : 'write',
    operation: `sysctls.${method}`,
    target,
  });
}
