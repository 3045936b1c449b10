import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { CallMessage, ExchangeMessage } from 'ipvs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Ipvs, Links } from '../../lib/index.js';
import { callLine, exchangeLine } from '../../lib/queue/debug-log.js';
import { YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { addon, resetAddon } from './helpers/fake-addon.js';
import { layout } from './helpers/requests.js';
import { nativeResponse, type ResultValues, serviceRecord } from './helpers/responses.js';

vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'));

const EEXIST = 17;
const NETNS = '/run/netns/blue';
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const WEB = 'tcp://10.96.0.1:80';

/** An event of a channel, with a copy of what the message had then. */
type Event<Message> = readonly [name: string, message: Message];

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Records the events of a channel while a test runs. */
function record<Message extends object>(channel: string) {
  const events: Event<Message>[] = [];
  const messages = new Set<Message>();
  const subscribers = Object.fromEntries(
    EVENTS.map((name) => [
      name,
      (message: Message) => {
        messages.add(message);
        events.push([name, { ...message }]);
      },
    ]),
  ) as Record<(typeof EVENTS)[number], (message: Message) => void>;
  return {
    events,
    messages,
    begin: () => tracingChannel<unknown, Message>(channel).subscribe(subscribers),
    end: () => tracingChannel<unknown, Message>(channel).unsubscribe(subscribers),
    names: () => events.map(([name]) => name),
    last: () => events.at(-1)?.[1],
  };
}

let ipvs: Ipvs;
let calls: ReturnType<typeof record<CallMessage>>;
let exchanges: ReturnType<typeof record<ExchangeMessage>>;
beforeEach(async () => {
  resetAddon();
  ipvs = await Ipvs.open({ netns: NETNS });
  calls = record<CallMessage>('ipvs:call');
  exchanges = record<ExchangeMessage>('ipvs:exchange');
  calls.begin();
  exchanges.begin();
});
afterEach(async () => {
  calls.end();
  exchanges.end();
  await ipvs.close();
});

const respond = (...results: readonly ResultValues[]) => {
  addon.respond = () => nativeResponse({ results });
};
const refuse = () => respond({ status: 'refused', error: EEXIST });
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it fails'),
    (error: Error) => error,
  );

const ASYNC = ['start', 'end', 'asyncStart', 'asyncEnd'];
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

describe('a call with a promise', () => {
  test('has one message from its start to its end', async () => {
    const promise = ipvs.addService(service);
    expect(calls.events).toEqual(
      ['start', 'end'].map((name) => [
        name,
        { operation: 'addService', target: WEB, namespace: NETNS, isSync: false },
      ]),
    );
    await promise;
    expect(calls.names()).toEqual(ASYNC);
    expect(calls.messages.size).toBe(1);
    expect(calls.last()).toEqual({
      operation: 'addService',
      target: WEB,
      namespace: NETNS,
      isSync: false,
      duration: expect.any(Number),
      result: undefined,
    });
    expect(calls.last()?.duration).toBeGreaterThan(0);
  });

  test('names the destination and its service', async () => {
    await ipvs.addDestination(WEB, { address: '10.1.0.1', port: 80 });
    expect(calls.last()?.target).toBe(`10.1.0.1:80 of ${WEB}`);
  });

  test('that the kernel refuses has its error, with a stack that begins at the caller', async () => {
    refuse();
    const error = await errorOf(ipvs.addService(service));
    expect(calls.names()).toEqual(FAILED);
    expect(calls.last()?.error).toBe(error);
    expect(error).toMatchObject({ code: 'EEXIST', target: WEB });
    expect(error.stack?.split('\n')[1]).toContain('trace.test.ts');
  });

  test('with bad input has its error, and no exchange', async () => {
    const error = await errorOf(ipvs.addService({ ...service, port: 70_000 }));
    expect(calls.names()).toEqual(FAILED);
    expect(calls.last()).toMatchObject({
      operation: 'addService',
      error,
      duration: expect.any(Number),
    });
    expect(calls.last()?.target).not.toBe('');
    expect(exchanges.events).toEqual([]);
  });

  test.each([1, 2 * YIELD_INTERVAL])('has its value, a list of %d', async (count) => {
    const record = serviceRecord({ family: 2, fwmark: 7 });
    addon.respond = () =>
      nativeResponse({ results: [{ services: count }], services: Array(count).fill(record) });
    const listed = await ipvs.listServices();
    expect(listed).toHaveLength(count);
    expect(calls.last()).toMatchObject({ operation: 'listServices', target: '' });
    expect(calls.last()?.result).toBe(listed);
  });

  test('of a closed handle has its error', async () => {
    await ipvs.close();
    const error = await errorOf(ipvs.flush());
    expect(calls.names()).toEqual(FAILED);
    expect(calls.last()).toMatchObject({ operation: 'flush', error });
  });

  test('is traced among others that are sent together', async () => {
    respond({}, { status: 'refused', error: EEXIST }, {});
    const all = ['10.1.0.1', '10.1.0.2', '10.1.0.3'].map((address) =>
      ipvs.addDestination(WEB, { address, port: 80 }),
    );
    await Promise.allSettled(all);
    const ended = calls.events.filter(([name]) => name === 'asyncEnd').map(([, each]) => each);
    expect(ended.map(({ target }) => target.split(' ')[0])).toEqual([
      '10.1.0.1:80',
      '10.1.0.2:80',
      '10.1.0.3:80',
    ]);
    expect(ended.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      'EEXIST',
      undefined,
    ]);
    expect(exchanges.names()).toEqual(ASYNC);
    expect(exchanges.last()).toEqual({
      namespace: NETNS,
      protocol: 'ipvs',
      requests: 3,
      isSync: false,
      duration: expect.any(Number),
    });
  });

  // The last of them is the first call of the next shared promise.
  test.each([1, 2, YIELD_INTERVAL])(
    'that a subscriber makes at the start of call %d has its own result',
    async (place) => {
      addon.respond = (count) =>
        nativeResponse({
          results: Array.from({ length: count }, (_, index) =>
            index === place ? { status: 'refused', error: EEXIST } : {},
          ),
        });
      let nested: Promise<unknown> | undefined;
      let started = 0;
      const makeCall = () => {
        if (++started === place) nested = ipvs.addService({ ...service, port: 81 });
      };
      const { start } = tracingChannel<unknown, CallMessage>('ipvs:call');
      start.subscribe(makeCall);
      const all = Array.from({ length: place }, () => ipvs.addService(service));
      start.unsubscribe(makeCall);
      expect(await Promise.all(all)).toEqual(Array(place).fill(undefined));
      expect(await errorOf(nested ?? Promise.resolve())).toMatchObject({
        code: 'EEXIST',
        target: 'tcp://10.96.0.1:81',
      });
      const ended = calls.events.filter(([name]) => name === 'asyncEnd').map(([, each]) => each);
      expect(ended.map(({ error }) => error !== undefined)).toEqual([
        ...Array(place).fill(false),
        true,
      ]);
    },
  );

  test('runs in the store that is bound to the channel', async () => {
    const store = new AsyncLocalStorage<string>();
    const channel = tracingChannel<string, CallMessage>('ipvs:call');
    const seen: (string | undefined)[] = [];
    const look = () => seen.push(store.getStore());
    channel.start.bindStore(store, ({ operation }) => `span of ${operation}`);
    channel.end.subscribe(look);
    try {
      await ipvs.addService(service);
    } finally {
      channel.start.unbindStore(store);
      channel.end.unsubscribe(look);
    }
    expect(seen).toEqual(['span of addService']);
  });
});

describe('a call without a promise', () => {
  test('ends with the event end', () => {
    ipvs.sync.addService(service);
    expect(calls.names()).toEqual(['start', 'end']);
    expect(calls.messages.size).toBe(1);
    expect(calls.last()).toEqual({
      operation: 'addService',
      target: WEB,
      namespace: NETNS,
      isSync: true,
      duration: expect.any(Number),
      result: undefined,
    });
    expect(exchanges.names()).toEqual(['start', 'end']);
    expect(exchanges.last()).toMatchObject({ requests: 1, isSync: true, protocol: 'ipvs' });
  });

  test('has its error, once', async () => {
    refuse();
    expect(() => ipvs.sync.addService(service)).toThrow('EEXIST');
    expect(calls.names()).toEqual(['start', 'error', 'end']);
    expect(() => ipvs.sync.addService({ ...service, port: -1 })).toThrow('port');
    expect(calls.names().slice(3)).toEqual(['start', 'error', 'end']);
    await ipvs.close();
    expect(() => ipvs.sync.flush()).toThrow('closed');
    expect(calls.names().slice(6)).toEqual(['start', 'error', 'end']);
  });

  test('of several exchanges is one call', () => {
    expect(ipvs.sync.snapshot()).toEqual({ services: [] });
    expect(calls.names()).toEqual(['start', 'end']);
    expect(calls.last()).toMatchObject({ operation: 'snapshot', result: { services: [] } });
    expect(exchanges.names()).toEqual(['start', 'end']);
  });
});

describe('other calls', () => {
  test('of several exchanges are one call', async () => {
    expect(await ipvs.snapshot()).toEqual({ services: [] });
    expect(calls.names()).toEqual(ASYNC);
    expect(calls.last()).toMatchObject({ operation: 'snapshot', result: { services: [] } });
    const error = await errorOf(ipvs.sysctls.get());
    expect(calls.last()).toMatchObject({ operation: 'sysctls.get', error });
  });

  test('a batch has the numbers of its operations and failures', async () => {
    respond({}, { status: 'refused', error: EEXIST });
    const results = await ipvs.batch((b) => {
      b.addService(service);
      b.addService({ ...service, port: 81 });
    });
    expect(calls.names()).toEqual(ASYNC);
    expect(calls.last()).toMatchObject({ operation: 'batch', target: '', size: 2, failures: 1 });
    expect(calls.last()?.result).toBe(results);
    expect(exchanges.last()).toMatchObject({ requests: 2 });
  });

  test('a batch that is refused has its error', async () => {
    const error = await errorOf(ipvs.batch((b) => b.addService({ ...service, port: -1 })));
    expect(calls.names()).toEqual(FAILED);
    expect(calls.last()).toMatchObject({ operation: 'batch', error });
  });

  test('links have their targets', async () => {
    await ipvs.links.deleteAddress('vip0', '10.96.0.1/32');
    expect(calls.last()).toMatchObject({
      operation: 'deleteAddress',
      target: '10.96.0.1/32 of vip0',
      namespace: NETNS,
    });
    expect(exchanges.last()).toMatchObject({ protocol: 'links', requests: 1 });
    ipvs.links.sync.deleteLink('vip0');
    expect(calls.last()).toMatchObject({ operation: 'deleteLink', target: 'vip0', isSync: true });
    await errorOf(ipvs.links.reconcileAddresses('vip0', ['x']));
    expect(calls.last()).toMatchObject({ operation: 'reconcileAddresses', target: 'vip0' });
  });

  test('a listing of connections is a call for each chunk, with its size', async () => {
    const connections = new ArrayBuffer(layout.connection.size);
    addon.connections = [
      { connections, texts: [], done: false },
      { connections, texts: [], done: true },
    ];
    for await (const _ of ipvs.connections()) {
      // All are read.
    }
    const ended = calls.events.filter(([name]) => name === 'asyncEnd').map(([, each]) => each);
    expect(ended).toMatchObject([
      { operation: 'connections', result: 1 },
      { operation: 'connections', result: 1 },
    ]);
  });

  test('a sample of a watcher is a call', async () => {
    const samples = ipvs.watch();
    await samples.next();
    await samples.return();
    expect(calls.last()).toMatchObject({ operation: 'watch', result: { services: [] } });
  });
});

test('nothing is published without subscribers', async () => {
  calls.end();
  exchanges.end();
  await ipvs.addService(service);
  ipvs.sync.addService(service);
  await ipvs.batch((b) => b.addService(service));
  expect(calls.events).toEqual([]);
  expect(exchanges.events).toEqual([]);
  // One kind of event is enough.
  const seen: string[] = [];
  const look = (message: unknown) => seen.push((message as CallMessage).operation);
  tracingChannel('ipvs:call').asyncEnd.subscribe(look);
  await ipvs.addService(service);
  tracingChannel('ipvs:call').asyncEnd.unsubscribe(look);
  await ipvs.addService(service);
  expect(seen).toEqual(['addService']);
});

test('a call that joins an exchange of before the subscription is not traced', async () => {
  calls.end();
  const before = ipvs.addService(service);
  calls.begin();
  await Promise.all([before, ipvs.flush()]);
  expect(calls.events).toEqual([]);
  await ipvs.flush();
  expect(calls.names()).toEqual(ASYNC);
});

describe('activity()', () => {
  test('counts calls, exchanges and requests', async () => {
    expect(ipvs.activity()).toEqual({
      calls: 0,
      exchanges: 0,
      requests: 0,
      inFlight: 0,
      waiting: 0,
      repeatedRequests: 0,
      lostReplies: 0,
      repeatedLists: 0,
    });
    await Promise.all([ipvs.addService(service), ipvs.deleteService(service)]);
    expect(ipvs.activity()).toMatchObject({ calls: 2, exchanges: 1, requests: 2 });
    await ipvs.batch((b) => [b.addService(service), b.flush()]);
    expect(ipvs.activity()).toMatchObject({ calls: 3, exchanges: 2, requests: 4 });
    ipvs.sync.flush();
    ipvs.sync.snapshot();
    expect(ipvs.activity()).toMatchObject({ calls: 5, exchanges: 4, requests: 6 });
    await errorOf(ipvs.addService({ ...service, port: -1 }));
    expect(ipvs.activity()).toMatchObject({ calls: 6, exchanges: 4, requests: 6 });
    expect(ipvs.links.activity()).toMatchObject({ calls: 0, exchanges: 0 });
  });

  test('shows what is in flight and what waits', async () => {
    const first = ipvs.flush();
    const second = Promise.resolve().then(() => Promise.all([ipvs.flush(), ipvs.flush()]));
    expect(ipvs.activity()).toMatchObject({ inFlight: 0, waiting: 1 });
    await Promise.resolve();
    await Promise.resolve();
    expect(ipvs.activity()).toMatchObject({ inFlight: 1, waiting: 2 });
    await Promise.all([first, second]);
    expect(ipvs.activity()).toMatchObject({ inFlight: 0, waiting: 0, exchanges: 2, requests: 3 });
  });

  test('has what the addon did again, also after close()', async () => {
    addon.recoveries = (links) => (links ? [4, 5, 6] : [1, 2, 3]);
    await ipvs.close();
    const again = { repeatedRequests: 1, lostReplies: 2, repeatedLists: 3 };
    expect(ipvs.activity()).toMatchObject(again);
    expect(ipvs.links.activity()).toMatchObject({ repeatedRequests: 4, repeatedLists: 6 });
  });

  test('takes no argument', () => {
    const call = (target: object) => (target as { activity(...args: unknown[]): void }).activity(1);
    expect(() => call(ipvs)).toThrow('activity: argument 1: 1 is one too many');
    expect(() => call(ipvs.links)).toThrow('activity: argument 1: 1 is one too many');
  });
});

describe('util.inspect()', () => {
  test('shows the namespace of a handle, and whether it is open and busy', async () => {
    const busy = Promise.all([ipvs.flush(), ipvs.flush()]);
    expect(inspect(ipvs)).toBe(
      "Ipvs {\n  namespace: '/run/netns/blue',\n  state: 'open',\n  inFlight: 0,\n  waiting: 2\n}",
    );
    await busy;
    await ipvs.close();
    expect(inspect(ipvs, { breakLength: 200 })).toBe(
      "Ipvs { namespace: '/run/netns/blue', state: 'closed', inFlight: 0, waiting: 0 }",
    );
    expect(inspect(ipvs.links, { breakLength: 200 })).toBe(
      "Links { namespace: '/run/netns/blue', state: 'closed', inFlight: 0, waiting: 0 }",
    );
  });

  test('shows no namespace if it is that of the process', async () => {
    const own = await Links.open();
    expect(inspect(own)).toBe("Links { state: 'open', inFlight: 0, waiting: 0 }");
    expect(inspect({ a: { own } }, { depth: 1 })).toBe('{ a: { own: [Links] } }');
    expect(inspect(Object.create(own))).toBe('Links {}');
    expect(inspect(Ipvs.prototype)).toBe('HandleMethods {}');
    await own.close();
  });
});

describe('the lines of NODE_DEBUG', () => {
  const message = { operation: 'addService', target: WEB, namespace: '', isSync: false };

  test.each<[CallMessage, string]>([
    [{ ...message, duration: 0.314 }, `addService ${WEB}: 0.31 ms`],
    [
      { ...message, isSync: true, namespace: NETNS, duration: 1, error: { code: 'EEXIST' } },
      `sync.addService ${WEB} in ${NETNS}: 1.00 ms, EEXIST`,
    ],
    [
      { ...message, operation: 'batch', target: '', size: 20, failures: 1, duration: 12 },
      'batch of 20 operations, of which 1 failed: 12.00 ms',
    ],
    [
      { ...message, operation: 'batch', target: '', duration: 1, error: new Error('mine') },
      'batch: 1.00 ms, mine',
    ],
    [{ ...message, target: '', duration: 1, error: 'text' }, 'addService: 1.00 ms, text'],
  ])('of a call', (call, line) => {
    expect(callLine(call)).toBe(line);
  });

  test('of an exchange', () => {
    const exchange = { namespace: NETNS, protocol: 'links', requests: 1, isSync: false } as const;
    expect(exchangeLine({ ...exchange, duration: 0.256 })).toBe(
      `exchange of 1 request (links) in ${NETNS}: 0.26 ms`,
    );
    const failed = {
      ...exchange,
      namespace: '',
      requests: 2,
      duration: 1,
      error: { code: 'EBADF' },
    };
    expect(exchangeLine(failed)).toBe('exchange of 2 requests (links): 1.00 ms, EBADF');
  });
});
