/** The pauses of a reflector, with a fake client and a fake clock: they take no time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type ApiClient,
  ApiError,
  BrokenResponseError,
} from '../../lib/cli/kubernetes/api-client.js';
import { reflect } from '../../lib/cli/kubernetes/reflector.js';

vi.mock('node:timers/promises', () => ({ setTimeout: vi.fn() }));

let now: number;

beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  // The pauses are their mean.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/**
 * Reflects until there were so many pauses, with watches that last as long and then fail.
 * @returns the pauses, the messages of failures, and the number of lists
 */
async function reflectFor(pauses: number, lasting: number, failure: () => Error) {
  const stop = new AbortController();
  const seen: unknown[] = [];
  vi.mocked(sleep).mockImplementation(async (milliseconds = 0) => {
    now += milliseconds;
    if (seen.push(milliseconds) === pauses) stop.abort();
  });
  let lists = 0;
  const client = {
    get: async () => {
      lists++;
      return { metadata: { resourceVersion: '5' }, items: [] };
    },
    // biome-ignore lint/correctness/useYield: a watch that is quiet until it fails.
    async *lines() {
      now += lasting;
      throw failure();
    },
  };
  const messages: string[] = [];
  const reflected = {
    path: '/api/v1/services',
    replace: () => undefined,
    set: () => undefined,
    remove: () => undefined,
    failed: ({ message }: Error) => void messages.push(message),
  };
  // Nothing else is asked of it.
  await reflect(client as unknown as ApiClient, reflected, stop.signal);
  return { pauses: seen, messages, lists };
}

const closed = () => new BrokenResponseError(undefined);
const idle = () => new BrokenResponseError(new Error('no data for 90 s'));

test('a watch that a balancer closes for being quiet is opened again soon, in silence', async () => {
  const { pauses, messages, lists } = await reflectFor(4, 20_000, closed);
  expect(pauses).toEqual([800, 800, 800, 800]);
  expect(messages).toEqual([]);
  expect(lists).toBe(1);
});

test('a watch that is closed after some seconds is opened again soon, and reported', async () => {
  const { pauses, messages } = await reflectFor(4, 3000, closed);
  expect(pauses).toEqual([800, 800, 800, 800]);
  expect(messages).toEqual(Array(4).fill('the connection broke'));
});

test('a watch in which no more data comes is opened again soon, and reported', async () => {
  const { pauses, messages } = await reflectFor(3, 90_000, idle);
  expect(pauses).toEqual([800, 800, 800]);
  expect(messages).toEqual(Array(3).fill('no data for 90 s'));
});

test('the pauses become longer if each watch is closed at once', async () => {
  const { pauses, messages } = await reflectFor(8, 10, closed);
  expect(pauses).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  expect(messages).toHaveLength(8);
});

test('the pauses become longer if no watch begins, however long that takes', async () => {
  const { pauses, messages } = await reflectFor(4, 5000, () => new Error('socket hang up'));
  expect(pauses).toEqual([800, 1600, 3200, 6400]);
  expect(messages).toHaveLength(4);
});

test.each([429, 503])('no answer %d of watches makes it list everything again', async (status) => {
  const { pauses, lists } = await reflectFor(7, 10, () => new ApiError(status, 'too much'));
  expect(lists).toBe(1);
  expect(pauses).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
});

test.each([400, 500, 504])(
  'each third answer %d of watches makes it list again',
  async (status) => {
    const { lists } = await reflectFor(7, 10, () => new ApiError(status, 'unknown version'));
    expect(lists).toBe(3);
  },
);

test('the answer 410 of a watch makes it list again at once', async () => {
  const { lists } = await reflectFor(4, 10, () => new ApiError(410, 'too old'));
  expect(lists).toBe(4);
});

test('the next try comes after the time that the server asks for, up to 30 s', async () => {
  const answers = [2000, 2000, 3_600_000];
  const failure = () => new ApiError(429, 'too much', answers.shift());
  const { pauses } = await reflectFor(4, 10, failure);
  expect(pauses).toEqual([2000 + 800, 2000 + 1600, 30_000 + 3200, 6400]);
});
