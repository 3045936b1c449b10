/**
 * The options of a director, checked.
 * @module
 */
import { checkBoolean, checkInteger, readObject } from '../../core/check.js';
import { checkNewLinkName } from '../../core/link-name.js';
import { MAX_TIMER } from '../../core/timer.js';
import { checkOpenOptions, type NamespaceTarget, OWN_NAMESPACE } from '../../native/netns.js';
import { checkCompared, checkDrain, checkScopes, type Draining } from '../options.js';
import type { CheckedScope } from '../scope.js';

/** Checked options. */
export interface DirectorSettings {
  readonly netns: NamespaceTarget;
  readonly owns: readonly CheckedScope[];
  readonly link: string | undefined;
  readonly linkUp: boolean;
  readonly draining: Draining | undefined;
  /** Milliseconds. */
  readonly drainTimeout: number;
  /** Milliseconds. */
  readonly resync: number;
  /** The settings that are compared: a bit for each. */
  readonly compared: number;
}

const KEYS = new Set(['netns', 'owns', 'link', 'linkUp', 'drain', 'resync', 'keep'] as const);
const DRAIN_KEYS = new Set(['timeout', 'protocols', 'ignoreInactive'] as const);
const DEFAULT_TIME = 30_000;

/**
 * Checks the options of `Director.open()`.
 * @throws TypeError, RangeError bad options
 */
export function checkDirectorOptions(options: unknown): DirectorSettings {
  const { netns, owns, link, linkUp, drain, resync, keep } = readObject('options', options, KEYS);
  if (link !== undefined) checkNewLinkName('options.link', link);
  return {
    netns: netns === undefined ? OWN_NAMESPACE : checkOpenOptions({ netns }),
    owns: checkScopes('options.owns', owns, 'a scope or an array of scopes'),
    link,
    linkUp: linkUp === undefined || checkBoolean('options.linkUp', linkUp),
    ...checkDirectorDrain(drain),
    resync:
      resync === undefined
        ? DEFAULT_TIME
        : checkInteger('options.resync', resync, 1, MAX_TIMER, 'milliseconds'),
    compared: checkCompared(keep),
  };
}

function checkDirectorDrain(drain: unknown): Pick<DirectorSettings, 'draining' | 'drainTimeout'> {
  if (drain === undefined || typeof drain === 'boolean') {
    return { draining: checkDrain('options.drain', drain), drainTimeout: DEFAULT_TIME };
  }
  const hint = () => ' or a boolean';
  const { timeout, ...rest } = readObject('options.drain', drain, DRAIN_KEYS, hint);
  return {
    draining: checkDrain('options.drain', rest),
    drainTimeout:
      timeout === undefined
        ? DEFAULT_TIME
        : checkInteger('options.drain.timeout', timeout, 0, MAX_TIMER, 'milliseconds'),
  };
}
