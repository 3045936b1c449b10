/**
 * The cost of operations in numbers that do not depend on the speed of the machine: system calls and
 * memory of V8.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './helpers/namespace.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const folder = mkdtempSync(join(tmpdir(), 'ipvs-costs-'));

/** Loads of operations have so many destinations; snapshots have SERVICES with EACH destinations. */
const OPERATIONS = 1000;
const SERVICES = 100;
const EACH = 10;

type Load = 'promises' | 'batch' | 'sync' | 'snapshot' | 'sync snapshot';

/** Creates the objects of a load. The operations ensure them again, so every run costs the same. */
async function fill(load: Load): Promise<void> {
  await fixture.ipvs.flush();
  const isReading = load.endsWith('snapshot');
  const marks = isReading ? Array.from({ length: SERVICES }, (_, index) => index + 1) : [1000];
  const count = isReading ? EACH : OPERATIONS;
  await fixture.ipvs.batch((b) => {
    for (const fwmark of marks) {
      b.addService({ fwmark, scheduler: 'rr' });
      for (let index = 0; index < count; index++) {
        b.addDestination({ fwmark }, { address: `10.1.${index >> 8}.${index & 255}` });
      }
    }
  });
}

const CALLS = ['sendto', 'sendmsg', 'recvmsg', 'recvmmsg'];

/** Counts the sends and receives of a process that executes `load` so many times. */
function countCalls(load: Load, times: number): { sends: number; receives: number } {
  const file = join(folder, 'calls');
  // With --seccomp-bpf, only these calls stop the process.
  const counting = ['--seccomp-bpf', '-f', '-qq', '-c', '-o', file, '-e', `trace=${CALLS.join()}`];
  const child = [
    process.execPath,
    programPath('costs.mjs'),
    fixture.namespace.path,
    load,
    String(times),
  ];
  run('strace', [...counting, ...child]);
  const counts = { sends: 0, receives: 0 };
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    // Share, seconds, microseconds a call, calls, perhaps errors, name.
    const [, , , calls, ...rest] = line.trim().split(/\s+/);
    const name = rest.at(-1) ?? '';
    if (CALLS.includes(name))
      counts[name.startsWith('send') ? 'sends' : 'receives'] += Number(calls);
  }
  return counts;
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('the number of system calls', () => {
  let none: ReturnType<typeof countCalls>;

  beforeAll(() => {
    none = countCalls('promises', 0);
    // Opening a handle requests the family and the version.
    expect(none.sends).toBeGreaterThanOrEqual(2);
  });

  /** The system calls of a load, without those for opening and closing the handle. */
  async function cost(load: Load) {
    await fill(load);
    const once = countCalls(load, 1);
    return { sends: once.sends - none.sends, receives: once.receives - none.receives };
  }

  test('is at most ten sends for a thousand concurrent operations', async () => {
    const { sends, receives } = await cost('promises');
    expect(sends).toBeGreaterThan(0);
    expect(sends).toBeLessThanOrEqual(10);
    expect(receives).toBeLessThanOrEqual(2 * sends);
  });

  test('is at most one send for 16 operations of a batch', async () => {
    const { sends, receives } = await cost('batch');
    expect(sends).toBeGreaterThan(0);
    expect(sends).toBeLessThanOrEqual(OPERATIONS / 16 + 1);
    expect(receives).toBeLessThanOrEqual(2 * sends);
  });

  test('is one send and one receive for each synchronous operation', async () => {
    expect(await cost('sync')).toEqual({ sends: OPERATIONS, receives: OPERATIONS });
  });

  test.each(['snapshot', 'sync snapshot'] as const)(
    'is one send for the services and one for the destinations of each for a %s',
    async (load) => {
      const { sends, receives } = await cost(load);
      expect(sends).toBe(1 + SERVICES);
      expect(receives).toBeGreaterThanOrEqual(sends);
      expect(receives).toBeLessThanOrEqual(2 * sends);
    },
  );
});

describe('the memory of V8', () => {
  /** The number of runs of a load. In the first half, V8 compiles. */
  const TIMES = 24;

  /**
   * Returns the bytes of V8's heap that a load takes. There is no collection meanwhile, since the young
   * generation has room for all. V8 has one thread, so that it compiles after the same number of
   * calls on a busy machine.
   */
  function heapOf(load: Load): number {
    const room = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
    const flags = ['--expose-gc', '--single-threaded', ...room];
    const child = [...flags, programPath('costs.mjs'), fixture.namespace.path, load, String(TIMES)];
    const bytes: number[] = JSON.parse(run(process.execPath, child));
    const late = bytes.slice(TIMES / 2).sort((one, other) => one - other);
    return late[late.length / 2] as number;
  }

  beforeAll(() => programPath('costs.mjs'));

  test.each<{ readonly load: Load; readonly count: number; readonly limit: number }>([
    { load: 'promises', count: OPERATIONS, limit: 700 },
    { load: 'batch', count: OPERATIONS, limit: 400 },
    { load: 'sync', count: OPERATIONS, limit: 350 },
    { load: 'snapshot', count: SERVICES * (1 + EACH), limit: 500 },
    { load: 'sync snapshot', count: SERVICES * (1 + EACH), limit: 500 },
  ])('$load takes at most $limit bytes for each of $count', async ({ load, count, limit }) => {
    await fill(load);
    // V8 now and then compiles in another order, and then takes a quarter more to the end.
    let each = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && each > limit; tries++) {
      each = Math.min(each, heapOf(load) / count);
    }
    // Less than the result itself would be a mistake in the measuring.
    expect(each).toBeGreaterThan(20);
    expect(each).toBeLessThanOrEqual(limit);
  });
});
