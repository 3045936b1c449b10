import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Event, eventToJson, formatEvent, logLinesOf } from '../../lib/cli/director/events.js';
import { fileChanges, fingerprintOf } from '../../lib/cli/director/file-changes.js';
import { IpvsError, ReconcileError } from '../../lib/index.js';

const service = 'tcp://10.96.0.1:80';
const destination = '10.1.1.2:8080';
const NO_ADDRESSES = { added: [], removed: [], updated: [] };
const refusals = ['10.96.0.2', '10.96.0.3'].map(
  (address) =>
    new IpvsError(`reconcile tcp://${address}:80: refused`, {
      code: 'ENOENT',
      target: `tcp://${address}:80`,
    }),
);

/** An event of each kind, as text and as JSON. */
const EVENTS: readonly (readonly [event: Event, text: string, json: object])[] = [
  [
    {
      type: 'drifted',
      changes: [{ action: 'add', service, destination }],
      addresses: NO_ADDRESSES,
      diff: `+ ${service}\n+ ${service} ${destination}`,
    },
    `drifted\n  + ${service}\n  + ${service} ${destination}`,
    {
      type: 'drifted',
      changes: [{ action: 'add', service, destination }],
      addresses: NO_ADDRESSES,
      diff: `+ ${service}\n+ ${service} ${destination}`,
    },
  ],
  [
    {
      type: 'draining',
      destinations: [
        {
          service,
          destination,
          activeConnections: 3,
          inactiveConnections: 1,
          deadline: new Date(90_000),
        },
      ],
    },
    `draining\n  ${service} ${destination}: 3 active and 1 inactive connections, ` +
      'until 1970-01-01T00:01:30.000Z at the latest',
    {
      type: 'draining',
      destinations: [
        {
          service,
          destination,
          activeConnections: 3,
          inactiveConnections: 1,
          deadline: '1970-01-01T00:01:30.000Z',
        },
      ],
    },
  ],
  [
    { type: 'drained', destinations: [{ service, destination, reason: 'timeout' }] },
    `drained\n  ${service} ${destination}: timeout`,
    { type: 'drained', destinations: [{ service, destination, reason: 'timeout' }] },
  ],
  [
    {
      type: 'refused',
      error: new ReconcileError('apply', 'apply: 2 changes were not made', refusals, undefined),
      attempt: 2,
      retryIn: 2000,
    },
    'refused: next try in 2000 ms\n' +
      '  reconcile tcp://10.96.0.2:80: refused\n  reconcile tcp://10.96.0.3:80: refused',
    {
      type: 'refused',
      error: {
        message: 'apply: 2 changes were not made',
        errors: [
          {
            code: 'ENOENT',
            target: 'tcp://10.96.0.2:80',
            message: 'reconcile tcp://10.96.0.2:80: refused',
          },
          {
            code: 'ENOENT',
            target: 'tcp://10.96.0.3:80',
            message: 'reconcile tcp://10.96.0.3:80: refused',
          },
        ],
      },
      attempt: 2,
      retryIn: 2000,
    },
  ],
  [
    { type: 'refused', error: new Error('a bug'), attempt: 1, retryIn: 1000 },
    'refused: next try in 1000 ms\n  a bug',
    { type: 'refused', error: { message: 'a bug' }, attempt: 1, retryIn: 1000 },
  ],
  [{ type: 'recovered' }, 'recovered', { type: 'recovered' }],
  [{ type: 'overrun', lost: 7 }, 'overrun: 7 events were dropped', { type: 'overrun', lost: 7 }],
  [{ type: 'applied', file: 'f' }, 'applied f', { type: 'applied', file: 'f' }],
  [
    { type: 'rejected', file: 'f', message: 'f:1:1: bad' },
    'rejected f\n  f:1:1: bad',
    { type: 'rejected', file: 'f', message: 'f:1:1: bad' },
  ],
  [{ type: 'stopped' }, 'stopped', { type: 'stopped' }],
];

describe('an event', () => {
  test.each(EVENTS)('of $type is text and JSON', (event, text, json) => {
    expect(formatEvent(event)).toBe(text);
    const line = eventToJson(event, new Date(0));
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({ time: '1970-01-01T00:00:00.000Z', ...json });
  });
});

describe('the lines of a log', () => {
  const linesOf = (type: Event['type']) =>
    EVENTS.flatMap(([event]) => (event.type === type ? [logLinesOf(event)] : []));

  test('say each refused change, and the next try', () => {
    expect(linesOf('refused')).toEqual([
      [
        'refused: next try in 2000 ms',
        'refused: reconcile tcp://10.96.0.2:80: refused',
        'refused: reconcile tcp://10.96.0.3:80: refused',
      ],
      ['refused: next try in 1000 ms', 'refused: a bug'],
    ]);
  });

  test('name the event in each line, once', () => {
    expect(linesOf('drifted')).toEqual([
      [`drifted: + ${service}`, `drifted: + ${service} ${destination}`],
    ]);
    expect(linesOf('overrun')).toEqual([['overrun: 7 events were dropped']]);
    expect(linesOf('recovered')).toEqual([['recovered']]);
  });
});

describe('the changes of a file', () => {
  let folder: string;
  let path: string;
  let stop: AbortController;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipvs-file-changes-'));
    path = join(folder, 'state');
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['written again', () => writeFileSync(path, 'new')],
    ['written again with the same text', () => writeFileSync(path, 'old')],
    [
      'replaced',
      () => {
        writeFileSync(join(folder, 'other'), 'old');
        renameSync(join(folder, 'other'), path);
      },
    ],
    [
      'a link that is switched to another file',
      () => {
        writeFileSync(join(folder, 'target'), 'old');
        symlinkSync('target', join(folder, 'link'));
        renameSync(join(folder, 'link'), path);
      },
    ],
    ['deleted', () => rmSync(path)],
  ])('include that it is %s', async (_, change) => {
    writeFileSync(path, 'old');
    const fingerprint = await fingerprintOf(path);
    // Before Linux 6.13, the times of files are those of the last tick: 1 to 10 ms.
    await sleep(20);
    change();
    const changes = fileChanges(path, fingerprint, stop.signal);
    expect((await changes.next()).done).toBe(false);
    await changes.return();
  });

  test('come when a file that is written in pieces is at rest', async () => {
    writeFileSync(path, '');
    const changes = fileChanges(path, await fingerprintOf(path), stop.signal);
    let text = '';
    const writing = setInterval(() => {
      text += 'services: []\n';
      writeFileSync(path, text);
      if (text.length > 200) clearInterval(writing);
    }, 100);
    expect((await changes.next()).done).toBe(false);
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(200);
    await changes.return();
  });

  test('come, too, when a file is written without end', async () => {
    writeFileSync(path, '');
    const changes = fileChanges(path, await fingerprintOf(path), stop.signal);
    let count = 0;
    const writing = setInterval(() => writeFileSync(path, String(count++)), 50);
    expect((await changes.next()).done).toBe(false);
    clearInterval(writing);
    await changes.return();
  });

  test('include SIGHUP, although the file is the same', async () => {
    const changes = fileChanges(path, await fingerprintOf(path), stop.signal);
    const next = changes.next();
    process.emit('SIGHUP', 'SIGHUP');
    expect((await next).done).toBe(false);
    await changes.return();
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  test('end when the signal aborts', async () => {
    const changes = fileChanges(path, await fingerprintOf(path), stop.signal);
    const next = changes.next();
    stop.abort();
    expect((await next).done).toBe(true);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });
});
