/**
 * A reflector: lists a resource of the API server, and watches it from there on until it is
 * aborted.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectMeta, ObjectReference } from '../../kubernetes/index.js';
import {
  type ApiClient,
  ApiError,
  BrokenResponseError,
  MalformedResponseError,
} from './api-client.js';

/** An object of the API. */
export interface ApiObject extends ObjectReference {
  readonly metadata?: (ObjectMeta & { readonly resourceVersion?: string | undefined }) | null;
}

/** A reflected resource, and the receiver of its changes. */
export interface Reflected {
  /** The path of the resource ('/api/v1/services'). */
  readonly path: string;
  /** The label selector, if any. */
  readonly labelSelector?: string;
  /** The field selector, if any. */
  readonly fieldSelector?: string;
  /** Receives all objects, after each list. */
  replace(objects: readonly ApiObject[]): void;
  /** Receives an object that was added or changed. */
  set(object: ApiObject): void;
  /** Receives an object that was deleted. */
  remove(object: ApiObject): void;
  /**
   * Is told about each failure, and the milliseconds until the next try. A watch that was healthy
   * until its connection was closed is no failure: if the server is gone, the next try is one.
   */
  failed(error: Error, retryIn: number): void;
}

/** Objects of a page of a list, so that 100,000 are no single response. */
const PAGE = 500;
/** Seconds after which the server ends a watch, plus up to as many. */
const WATCH_SECONDS = 300;
/**
 * Milliseconds without data after which a connection counts as broken. Bookmarks come each minute.
 * A server that loses power is noticed earlier, by the keepalive of the connection; this is for a
 * balancer in between that goes on without it. A bookmark that is late costs one request.
 */
const IDLE_TIMEOUT = 90_000;
const FIRST_PAUSE = 800;
const LONGEST_PAUSE = 30_000;
/** Milliseconds after which a watch may be closed for being quiet, such as by a balancer. */
const HEALTHY = 10_000;
const GONE = 410;
/** What a server with too much to do answers: a list would be more of it. */
const OVERLOADED: readonly number[] = [429, 503];
/**
 * Watches from one version that may fail, by what the server sends, before everything is listed.
 */
const MAX_FAILURES = 3;

/**
 * Reflects a resource until the signal is aborted. A connection that breaks is opened again where
 * it was. If the server does not know that version any more, or sends nothing but errors for it,
 * everything is listed again; not if the errors say that the server has too much to do.
 */
export async function reflect(
  client: ApiClient,
  reflected: Reflected,
  signal: AbortSignal,
): Promise<void> {
  let version: string | undefined;
  let pause = FIRST_PAUSE;
  let failures = 0;
  while (!signal.aborted) {
    const begin = performance.now();
    try {
      if (version === undefined) {
        version = await list(client, reflected, signal);
        failures = 0;
      }
      for await (const seen of watch(client, reflected, version, signal)) {
        version = seen;
        pause = FIRST_PAUSE;
        failures = 0;
      }
      // A server that ends each watch at once is not asked again at once.
      if (performance.now() - begin < FIRST_PAUSE) await pauseFor(FIRST_PAUSE, signal);
    } catch (error) {
      if (signal.aborted) return;
      const answer = error instanceof ApiError ? error : undefined;
      const isOverloaded = answer !== undefined && OVERLOADED.includes(answer.status);
      if ((answer && !isOverloaded) || error instanceof MalformedResponseError) failures++;
      const isGone = answer?.status === GONE;
      // The list takes the place of what was missed.
      if (isGone || failures >= MAX_FAILURES) version = undefined;
      const lasted = performance.now() - begin;
      // A watch that was open for longer than the pause needs no longer one.
      if (error instanceof BrokenResponseError && lasted >= pause) pause = FIRST_PAUSE;
      const least = Math.min(answer?.retryAfter ?? 0, LONGEST_PAUSE);
      // So that a thousand nodes do not come back together.
      const retryIn = Math.round(least + pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      if (!(error instanceof BrokenResponseError && error.isClosed && lasted >= HEALTHY)) {
        reflected.failed(error instanceof Error ? error : new Error(String(error)), retryIn);
      }
      await pauseFor(retryIn, signal);
    }
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Lists all objects, in pages. Returns the version of the list. */
async function list(client: ApiClient, reflected: Reflected, signal: AbortSignal): Promise<string> {
  const objects: ApiObject[] = [];
  let next: string | undefined;
  for (;;) {
    const query = { limit: String(PAGE), ...(next === undefined ? {} : { continue: next }) };
    const page = checkList(await client.get(urlOf(reflected, query), signal));
    objects.push(...page.items);
    next = page.next;
    if (next === undefined) {
      reflected.replace(objects);
      return page.version;
    }
  }
}

/** Watches from a version on. Yields the version of each event that was passed on. */
async function* watch(
  client: ApiClient,
  reflected: Reflected,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const timeout = Math.round(WATCH_SECONDS * (1 + Math.random()));
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: version,
    timeoutSeconds: String(timeout),
  };
  for await (const line of client.lines(urlOf(reflected, query), IDLE_TIMEOUT, signal)) {
    const { type, object } = checkEvent(line);
    if (type === 'ERROR') throw watchError(object);
    if (type === 'ADDED' || type === 'MODIFIED') reflected.set(object);
    else if (type === 'DELETED') reflected.remove(object);
    const seen = object.metadata?.resourceVersion;
    if (seen !== undefined) yield seen;
  }
}

function urlOf(
  { path, labelSelector, fieldSelector }: Reflected,
  query: Readonly<Record<string, string>>,
): string {
  const parameters = new URLSearchParams(query);
  if (labelSelector !== undefined) parameters.set('labelSelector', labelSelector);
  if (fieldSelector !== undefined) parameters.set('fieldSelector', fieldSelector);
  return `${path}?${parameters}`;
}

interface Page {
  readonly items: readonly ApiObject[];
  readonly version: string;
  readonly next: string | undefined;
}

function checkList(value: unknown): Page {
  const { items, metadata } = recordOf(value);
  const { resourceVersion, continue: next } = recordOf(metadata);
  if (typeof resourceVersion !== 'string') throw new MalformedResponseError('no list');
  if (!Array.isArray(items ?? [])) throw new MalformedResponseError('no list');
  return {
    // The compiler checks each object.
    items: Array.from((items ?? []) as readonly unknown[], (item) => recordOf(item) as ApiObject),
    version: resourceVersion,
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

function checkEvent(value: unknown): { readonly type: string; readonly object: ApiObject } {
  const { type, object } = recordOf(value);
  if (typeof type !== 'string') throw new MalformedResponseError('no event');
  // The compiler checks each object.
  return { type, object: recordOf(object) as ApiObject };
}

/** Returns the error of an ERROR event, whose object is a `metav1.Status`. */
function watchError(object: object): ApiError {
  const { code, message } = recordOf(object);
  return new ApiError(typeof code === 'number' ? code : 0, `watch: ${code} ${message}`);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new MalformedResponseError('no object');
  return value as Readonly<Record<string, unknown>>;
}
