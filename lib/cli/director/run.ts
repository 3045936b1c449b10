/**
 * `ipvs director`.
 * @module
 */

import { errorMessage } from '../../core/errors.js';
import { MAX_TIMER } from '../../core/timer.js';
import { Director, type DirectorEvent, type DirectorOptions, type Scope } from '../../index.js';
import { integerOf, UsageError } from '../arguments.js';
import type { Run, Values } from '../command.js';
import { endSignal } from '../end-signal.js';
import { type Listen, parseListen } from '../listen.js';
import { openOptions } from '../netns.js';
import { whenDrained } from '../output.js';
import { parseScopes } from '../scope.js';
import { readStateFile, type StateFile } from '../state-file/read.js';
import type { options } from './command.js';
import { type Event, eventToJson, formatEvent } from './events.js';
import { fileChanges, fingerprintOf } from './file-changes.js';

/** The most seconds of a timer of Node.js. */
const MAX_SECONDS = Math.floor(MAX_TIMER / 1000);

/** Keeps the table until a signal ends it. */
export const run: Run<typeof options> = async ({ values, operands: [path = ''] }, context) => {
  const report = (event: Event) => {
    const text = values.json ? eventToJson(event, new Date()) : formatEvent(event);
    context.stdout.write(`${text}\n`);
  };
  const settings = settingsOf(values);
  const listen =
    values.metrics === undefined ? undefined : parseListen('--metrics', values.metrics);
  const read = () => readStateFile(path, values.format, context);
  const fingerprint = await fingerprintOf(path);
  const file = await read();
  const changes = fileChanges(path, fingerprint, endSignal());
  const server = await openServer(values.netns, listen);
  const ended = new AbortController();
  let director: Director | undefined;
  let following: Promise<void> | undefined;
  try {
    director = await Director.open(settings);
    server?.serve(director);
    const keeper = new Keeper(director, path, report);
    following = follow(director, async (event) => {
      report(event);
      if (event.type === 'recovered' || event.type === 'overrun') keeper.reportIfRecovered();
      // Until its reader has read, events wait in the director, which drops the oldest ones.
      await whenDrained(context.stdout, ended.signal);
    });
    await keeper.apply(file);
    for await (const _ of changes) {
      // The standard input can't be read again.
      if (path !== '-') await keeper.load(read);
    }
  } finally {
    // Scrapes in flight may take seconds, in which nothing is to be changed any more.
    await director?.close();
    await server?.close();
    ended.abort();
    await following;
  }
  report({ type: 'stopped' });
  return 0;
};

async function openServer(netns: string | undefined, listen: Listen | undefined) {
  if (listen === undefined) return undefined;
  const { DirectorServer } = await import('./serve-director.js');
  return DirectorServer.open(netns, listen);
}

function settingsOf(values: Values<typeof options>): DirectorOptions {
  const { link, drain, keep, netns } = values;
  const timeout = milliseconds('--drain-timeout', values.drainTimeout, 0);
  return {
    ...openOptions(netns),
    owns: ownedScopes(values),
    link,
    drain: timeout === undefined ? drain : { timeout },
    resync: milliseconds('--resync', values.resync, 1),
    keep,
  };
}

function milliseconds(flag: string, text: string | undefined, min: number): number | undefined {
  const seconds = integerOf(flag, text, [min, MAX_SECONDS]);
  return seconds === undefined ? undefined : seconds * 1000;
}

function ownedScopes({ owns, link }: Values<typeof options>): readonly Scope[] {
  if (owns.length > 0) return parseScopes('--owns', owns);
  if (link !== undefined) return [{ link }];
  throw new UsageError('--owns or --link is missing: the services that it may delete');
}

/** Passes on the events of a director, and keeps the process alive until it is closed. */
async function follow(
  director: Director,
  receive: (event: DirectorEvent) => Promise<void>,
): Promise<void> {
  for await (const event of director.events().ref()) await receive(event);
}

/** Applies the states of a file. */
class Keeper {
  readonly #director: Director;
  readonly #path: string;
  readonly #report: (event: Event) => void;
  #text: string | undefined;
  /** True if the kernel has refused the state so far. */
  #isRefused = false;

  constructor(director: Director, path: string, report: (event: Event) => void) {
    this.#director = director;
    this.#path = path;
    this.#report = report;
  }

  /** Applies a file. Rejects if its state is not valid. */
  async apply({ state, text, translate }: StateFile): Promise<void> {
    this.#text = text;
    this.#isRefused = false;
    try {
      await this.#director.apply(state);
    } catch (error) {
      const translated = translate(error);
      if (translated !== error) throw translated;
      // The director reports refusals of the kernel as events, and tries again.
      this.#isRefused = true;
      return;
    }
    this.#report({ type: 'applied', file: this.#path });
  }

  /** Reports that a state was reached that was refused at first. */
  reportIfRecovered(): void {
    // The event may be that of a state before, or may have been dropped.
    if (!this.#isRefused || this.#director.state().refused.length > 0) return;
    this.#isRefused = false;
    this.#report({ type: 'applied', file: this.#path });
  }

  /** Applies the file if it has another text than before. If it can't be used, reports that. */
  async load(read: () => Promise<StateFile>): Promise<void> {
    try {
      const file = await read();
      if (file.text !== this.#text) await this.apply(file);
    } catch (error) {
      const message = errorMessage(error);
      this.#report({ type: 'rejected', file: this.#path, message });
    }
  }
}
