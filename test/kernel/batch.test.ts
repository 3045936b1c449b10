import { type Batch, type BatchResult, Ipvs } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { savedLines } from './helpers/ipvsadm.js';
import { type Call, outcomeOf, outcomesOfBatch, Table } from './helpers/model/table.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const tcp = 'tcp://10.96.0.1:80';
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const mark = (fwmark: number) => `fwmark://${fwmark}`;
const host = (index: number) => `10.1.${index >> 8}.${index & 255}`;

/** The code of each error; '' of what is done. */
const codesOf = (results: readonly BatchResult[]) =>
  results.map((each) => (each.status === 'rejected' ? each.reason.code : ''));

/** The marks of the services that there are. */
const marks = () =>
  fixture.namespace
    .saved()
    .map((line) => Number(/-f (\d+)/.exec(line)?.[1]))
    .sort((a, b) => a - b);

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Adds services by mark. */
const adding = (count: number) => (b: Batch) => {
  for (const fwmark of upTo(count)) b.addService({ fwmark });
};

describe('a batch', () => {
  test('with failures has the results of the model and of ipvsadm', async () => {
    const { ipvs, namespace } = fixture;
    const calls = upTo(600).map((index): Call => {
      const of = mark(1 + (index % 10));
      if (index <= 10) return ['addService', { fwmark: index }];
      if (index % 97 === 0) return ['addDestination', mark(99), { address: host(index) }];
      if (index % 89 === 0) return ['addDestination', of, { address: host(index - 10) }];
      if (index % 83 === 0) return ['deleteService', mark(77), { ifExists: true }];
      if (index % 79 === 0) return ['updateDestination', of, host(index), { weight: 2 }];
      if (index % 73 === 0) return ['deleteDestination', of, host(index - 10)];
      if (index % 71 === 0) return ['ensureService', { fwmark: index, scheduler: 'rr' }];
      return ['addDestination', of, { address: host(index), weight: index }];
    });
    const table = new Table();
    const expected = calls.map((call) => table.outcomeOf(call));
    expect(await outcomesOfBatch(ipvs, calls)).toEqual(expected);
    const codes = expected.map((each) => ('refused' in each ? each.refused.code : ''));
    expect(new Set(codes)).toEqual(new Set(['', 'ESRCH', 'EEXIST', 'ENOENT']));
    expect(await outcomeOf(ipvs, ['snapshot'])).toEqual(table.outcomeOf(['snapshot']));
    expect(namespace.saved()).toEqual(savedLines(table.snapshot()));
  });

  test('of 20,000 operations is executed completely, with other calls between its chunks', async () => {
    const { ipvs, namespace } = fixture;
    let seen = 0;
    let isOver = false;
    const watching = (async () => {
      for (; !isOver; seen++) await ipvs.getTimeouts();
    })();
    const results = await ipvs.batch((b) => {
      for (const fwmark of upTo(100)) {
        b.addService({ fwmark, scheduler: 'rr' });
        for (const index of upTo(199)) b.addDestination(mark(fwmark), { address: host(index) });
      }
    });
    isOver = true;
    await watching;
    expect(results).toHaveLength(20_000);
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(namespace.saved()).toHaveLength(20_000);
    expect(seen).toBeGreaterThanOrEqual(10);
  });

  test('reads its own writes', async () => {
    const results = await fixture.ipvs.batch((b) => {
      b.getService(tcp);
      b.addService(service);
      b.getService(tcp);
      b.ensureDestination(tcp, { address: '10.0.0.1' });
      b.updateDestination(tcp, '10.0.0.1', { weight: 9 });
      b.listDestinations(tcp);
      b.deleteDestination(tcp, '10.0.0.1');
      b.getDestination(tcp, '10.0.0.1');
      b.listServices({ bigint: true });
      b.flush();
      b.listServices();
    });
    expect(results.map((each) => (each.status === 'fulfilled' ? each.value : each))).toMatchObject([
      undefined,
      undefined,
      { scheduler: 'wlc' },
      'created',
      undefined,
      [{ weight: 9 }],
      true,
      undefined,
      [{ stats: { connections: 0n } }],
      undefined,
      [],
    ]);
  });

  test('is executed in order with the other calls of its turn', async () => {
    const { ipvs } = fixture;
    const answers = await Promise.all([
      ipvs.addService(service),
      ipvs.batch((b) => void b.addDestination(tcp, { address: '10.0.0.1', weight: 4 })),
      ipvs.listDestinations(tcp),
      ipvs.batch((b) => void b.flush()),
      ipvs.listServices(),
    ]);
    const [, first, listed, , services] = answers;
    expect(codesOf(first)).toEqual(['']);
    expect(listed).toMatchObject([{ weight: 4 }]);
    expect(services).toEqual([]);
  });

  test('with bad input changes nothing', async () => {
    const bad = fixture.ipvs.batch((b) => {
      adding(2000)(b);
      b.addDestination(mark(1), { address: '10.0.0.256' });
    });
    await expect(bad).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(fixture.namespace.saved()).toEqual([]);
  });

  test('is executed before the handle is closed', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const pending = ipvs.batch(adding(3000));
    await ipvs.close();
    expect(codesOf(await pending)).toEqual(upTo(3000).map(() => ''));
    expect(marks()).toEqual(upTo(3000));
  });
});

describe('with stopOnError', () => {
  test.each([1, 2, 128, 129, 500, 1500])(
    'a batch stops at the failure of operation %d',
    async (failing) => {
      const { ipvs } = fixture;
      await ipvs.addService({ fwmark: failing });
      const results = await ipvs.batch(adding(1500), { stopOnError: true });
      expect(codesOf(results)).toEqual(
        upTo(1500).map((index) => {
          if (index === failing) return 'EEXIST';
          return index < failing ? '' : 'ERR_IPVS_SKIPPED';
        }),
      );
      expect(marks()).toEqual(upTo(failing));
      const reasons = results.map((each) => (each.status === 'rejected' ? each.reason : undefined));
      expect(reasons[failing - 1]).toMatchObject({ code: 'EEXIST', index: failing - 1 });
      for (const [index, reason] of reasons.entries()) {
        if (index < failing) continue;
        expect(reason).toMatchObject({
          index,
          message: expect.stringContaining(`${failing - 1} failed`),
        });
        expect(reason.cause).toBe(reasons[failing - 1]);
      }
    },
  );

  test('a batch continues after a missing object if ifExists permits it', async () => {
    const { ipvs } = fixture;
    await ipvs.addService({ fwmark: 400 });
    const results = await ipvs.batch(
      (b) => {
        for (const fwmark of upTo(500)) {
          b.deleteService(mark(1000 + fwmark), { ifExists: fwmark % 50 === 0 });
          b.addService({ fwmark });
        }
      },
      { stopOnError: true },
    );
    // The first deletion may not be forgiven.
    expect(codesOf(results).slice(0, 2)).toEqual(['ESRCH', 'ERR_IPVS_SKIPPED']);
    const forgiving = await ipvs.batch(
      (b) => {
        for (const fwmark of upTo(500)) {
          if (fwmark % 50 === 0) b.deleteService(mark(1000 + fwmark), { ifExists: true });
          b.addService({ fwmark });
        }
      },
      { stopOnError: true },
    );
    expect(codesOf(forgiving).indexOf('EEXIST')).toBe(400 + 8 - 1);
    expect(forgiving.filter(({ status }) => status === 'fulfilled')).toHaveLength(400 + 8 - 1);
    expect(forgiving[50 - 1]).toEqual({ status: 'fulfilled', value: false });
    expect(marks()).toEqual(upTo(400));
  });
});

describe('a signal that aborts a batch', () => {
  test.each([false, true])(
    'leaves only the first operations executed with stopOnError %j',
    async (stopOnError) => {
      const { ipvs } = fixture;
      const controller = new AbortController();
      const { signal } = controller;
      const pending = ipvs.batch(adding(20_000), { signal, stopOnError });
      const reason = new Error('enough');
      // By now it is under way: this leaves between two of its parts.
      await ipvs.getTimeouts();
      await ipvs.getTimeouts();
      controller.abort(reason);
      const results = await pending;
      const count = results.findIndex(({ status }) => status === 'rejected');
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(20_000);
      expect(
        results.slice(count).every((each) => each.status === 'rejected' && each.reason === reason),
      ).toBe(true);
      expect(results).toHaveLength(20_000);
      expect(marks()).toEqual(upTo(count));
    },
  );
});
