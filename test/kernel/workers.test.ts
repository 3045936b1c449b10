import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { Ipvs, type Service } from 'ipvs';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { countSockets } from './helpers/descriptors.js';
import { Namespace } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { build, programPath, root } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

interface Churn {
  readonly netns: string;
  readonly first: number;
  readonly count: number;
  readonly rounds?: number;
}

/** A worker thread that runs programs/churn.mjs. */
class Churner {
  readonly worker: Worker;
  /** Settles once it has finished its first round. */
  readonly started: Promise<unknown>;
  /** The number of services that it saw in each round; of no use if it is terminated. */
  readonly seen: Promise<unknown>;

  constructor(workerData: Churn) {
    this.worker = new Worker(programPath('churn.mjs'), { workerData });
    this.started = once(this.worker, 'message');
    let last: unknown;
    this.worker.on('message', (message) => {
      last = message;
    });
    this.seen = once(this.worker, 'exit').then(() => last);
  }
}

describe('a worker thread', () => {
  const rounds = 5;
  const count = 50;
  const expected = Array.from({ length: rounds }, () => count);

  test('works beside others in namespaces of their own', async () => {
    const namespaces = Array.from({ length: 3 }, () => new Namespace());
    const churners = namespaces.map(
      ({ path }, index) => new Churner({ netns: path, first: 1, count: count + index, rounds }),
    );
    const seen = await Promise.all(churners.map((churner) => churner.seen));
    expect(seen).toEqual([0, 1, 2].map((index) => expected.map((each) => each + index)));
    for (const namespace of namespaces) {
      expect(namespace.saved()).toEqual([]);
      namespace.delete();
    }
  });

  test('works beside others in one namespace', async () => {
    const netns = fixture.namespace.path;
    const firsts = [1, 1001, 2001];
    const churners = firsts.map((first) => new Churner({ netns, first, count, rounds }));
    const seen = await Promise.all(churners.map((churner) => churner.seen));
    expect(seen).toMatchObject(firsts.map(() => ({ length: rounds })));
    expect(await fixture.ipvs.listServices()).toEqual([]);
  });

  test('that is terminated during requests does no harm and leaves nothing open', async () => {
    const { ipvs, namespace } = fixture;
    const WORKERS = 16;
    const before = countSockets();
    await ipvs.addService({ fwmark: 1, scheduler: 'rr' });
    await ipvs.addDestination('fwmark://1', { address: '10.0.0.1' });
    for (let index = 0; index < WORKERS; index++) {
      const first = 1000 * (index + 1);
      const { worker, started } = new Churner({ netns: namespace.path, first, count: 100 });
      await started;
      // The moment is what this is about: anywhere within a round, or between two.
      await sleep(Math.random() * 50);
      await worker.terminate();
      expect(await ipvs.getDestination('fwmark://1', '10.0.0.1')).toMatchObject({ weight: 1 });
    }

    await until(countSockets, (count) => count <= before);
    const { services } = await ipvs.snapshot();
    expect(services.length).toBeGreaterThan(1); // or none was in the midst of it
    expect(namespace.saved()).toHaveLength(
      services.length + services.flatMap(({ destinations }) => destinations).length,
    );
    await ipvs.flush();
    await ipvs.addService({ fwmark: 1 });
    expect(namespace.saved()).toEqual(['-A -f 1 -s wlc']);
  });

  test('can end with pending operations', async () => {
    const before = countSockets();
    const source = `
      const { workerData } = require('node:worker_threads');
      import('ipvs').then(async ({ Ipvs }) => {
        const ipvs = await Ipvs.open({ netns: workerData });
        for (let fwmark = 1; fwmark <= 500; fwmark++) ipvs.addService({ fwmark });
        setImmediate(() => process.exit());
      });`;
    build();
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(source, { eval: true, workerData: fixture.namespace.path });
      expect(await once(worker, 'exit')).toEqual([0]);
      // Requests in flight were executed completely.
      expect([0, 500]).toContain((await fixture.ipvs.listServices()).length);
      await fixture.ipvs.flush();
    }
    await until(countSockets, (count) => count <= before);
  });
});

describe('several copies of the package in one process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipvs-copy-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Another installation of what is built here. */
  function install(): string {
    build();
    for (const part of ['dist', 'lib', 'build/Release/ipvs.node', 'package.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return pathToFileURL(join(folder, 'dist/index.js')).href;
  }

  test('do not disturb each other', async () => {
    const copy: typeof import('ipvs') = await import(install());
    expect(copy.Ipvs).not.toBe(Ipvs);
    const other = await copy.Ipvs.open({ netns: fixture.namespace.path });
    const add = (on: Pick<Ipvs, 'addService'>, first: number) =>
      Array.from({ length: 100 }, (_, index) => on.addService({ fwmark: first + index }));
    await Promise.all([...add(fixture.ipvs, 1), ...add(other, 1001)]);
    await expect(other.addService({ fwmark: 1 })).rejects.toBeInstanceOf(copy.IpvsError);
    // Linux 7 orders its table anew a moment after it has grown.
    const sorted = async (on: { listServices(): Promise<Service[]> }) =>
      (await on.listServices()).toSorted((a, b) => (a.fwmark ?? 0) - (b.fwmark ?? 0));
    expect(await sorted(other)).toEqual(await sorted(fixture.ipvs));
    await other.close();
    expect(await fixture.ipvs.listServices()).toHaveLength(200);
  });
});

describe('a handle that nobody closes', () => {
  test('keeps the process alive only while an operation is pending', async () => {
    expect(fixture.namespace.run(process.execPath, [programPath('leave.mjs')])).toBe('added\n');
    expect(await fixture.ipvs.listServices()).toMatchObject([{ fwmark: 1 }]);
  });

  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');

  test('is closed when it is garbage collected', async () => {
    const before = countSockets();
    const open = async () => {
      const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
      await ipvs.listServices();
    };
    for (let index = 0; index < 50; index++) await open();
    const collected = () => {
      collect();
      return countSockets();
    };
    expect(countSockets()).toBeGreaterThan(before);
    await until(collected, (count) => count <= before);
  });

  test('answers a pending operation although it is garbage collected', async () => {
    const start = async () =>
      (await Ipvs.open({ netns: fixture.namespace.path })).addService({ fwmark: 1 });
    const pending = Array.from({ length: 20 }, start);
    const settled = Promise.allSettled(pending);
    const collecting = setInterval(collect, 1);
    const added = (await settled).filter(({ status }) => status === 'fulfilled');
    clearInterval(collecting);
    expect(added).toHaveLength(1);
  });
});
