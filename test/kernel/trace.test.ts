import { tracingChannel } from 'node:diagnostics_channel';
import { type CallMessage, type ExchangeMessage, Ipvs } from 'ipvs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const WEB = 'tcp://10.96.0.1:80';

let calls: CallMessage[];
let exchanges: ExchangeMessage[];
const onCall = (message: CallMessage) => calls.push(message);
const onExchange = (message: ExchangeMessage) => exchanges.push(message);
const callChannel = tracingChannel<unknown, CallMessage>('ipvs:call');
const exchangeChannel = tracingChannel<unknown, ExchangeMessage>('ipvs:exchange');

beforeEach(async () => {
  await fixture.ipvs.flush();
  calls = [];
  exchanges = [];
  callChannel.subscribe(subscribers(onCall));
  exchangeChannel.subscribe(subscribers(onExchange));
});
afterEach(() => {
  callChannel.unsubscribe(subscribers(onCall));
  exchangeChannel.unsubscribe(subscribers(onExchange));
});

const made = new Map<unknown, object>();

/** Returns the subscribers that get each message once, at its end. The same for the same function. */
function subscribers<Message extends { readonly isSync: boolean }>(
  take: (message: Message) => void,
): Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', (message: Message) => void> {
  const nothing = () => undefined;
  const known = made.get(take) ?? {
    start: nothing,
    end: (message: Message) => message.isSync && take(message),
    asyncStart: nothing,
    asyncEnd: take,
    error: nothing,
  };
  made.set(take, known);
  // Made above, for the same type of messages.
  return known as ReturnType<typeof subscribers<Message>>;
}

describe('a subscriber that reads a service before it is deleted', () => {
  const mine = { ...service, port: 81, scheduler: 'wrr' } as const;

  /** Calls `read` at the start of each deletion. Returns what stops this. */
  function beforeDeletion(read: () => unknown) {
    const { start } = callChannel;
    const take = ({ operation }: CallMessage) => operation === 'deleteService' && read();
    const subscriber = (message: unknown) => take(message as CallMessage);
    start.subscribe(subscriber);
    return () => start.unsubscribe(subscriber);
  }

  test('and the caller each get their own result', async () => {
    const { ipvs } = fixture;
    const ways = {
      promise: () => ipvs.getService(mine),
      value: () => Promise.resolve(ipvs.sync.getService(mine)),
    };
    const deletions = {
      promise: () => ipvs.deleteService(mine),
      value: async () => ipvs.sync.deleteService(mine),
    };
    for (const [reader, read] of Object.entries(ways)) {
      for (const [deleter, deletes] of Object.entries(deletions)) {
        await ipvs.ensureService(mine);
        let found: Promise<unknown> | undefined;
        const stop = beforeDeletion(() => {
          found ??= read();
        });
        expect(await deletes().finally(stop), `${deleter}, ${reader}`).toBe(true);
        // The request of a read with a promise follows that of the deletion, in the same exchange.
        expect(await found, `${reader}, ${deleter}`).toEqual(
          reader === 'promise' ? undefined : expect.objectContaining(mine),
        );
        expect(await ipvs.listServices()).toEqual([]);
      }
    }
  });
});

describe('a subscriber sees', () => {
  test('calls with their results, errors and durations', async () => {
    const { ipvs } = fixture;
    await ipvs.addService(service);
    const refused = await ipvs.addService(service).catch((error: unknown) => error);
    await Promise.all([
      ipvs.addDestination(WEB, { address: '10.0.0.2' }),
      ipvs.addDestination(WEB, { address: '10.0.0.3' }),
    ]);
    const listed = await ipvs.listDestinations(WEB);
    expect(calls).toMatchObject([
      { operation: 'addService', target: WEB },
      { operation: 'addService', target: WEB, error: refused },
      { operation: 'addDestination', target: `10.0.0.2:80 of ${WEB}` },
      { operation: 'addDestination', target: `10.0.0.3:80 of ${WEB}` },
      { operation: 'listDestinations', target: WEB, result: listed },
    ]);
    expect(refused).toMatchObject({ code: 'EEXIST' });
    expect(listed).toHaveLength(2);
    for (const { duration, namespace } of calls) {
      expect(duration).toBeGreaterThan(0);
      expect(namespace).toBe(fixture.namespace.path);
    }
    expect(exchanges.map(({ requests }) => requests)).toEqual([1, 1, 2, 1]);
  });

  test('calls of several exchanges as one', async () => {
    const destinations = [{ address: '10.0.0.2' }];
    const state = { services: [{ ...service, destinations }] };
    const result = await fixture.ipvs.reconcile(state);
    await fixture.ipvs.snapshot();
    fixture.ipvs.sync.reconcile(state);
    await fixture.ipvs.countConnections();
    for await (const _ of fixture.ipvs.connections()) expect.unreachable('there is none');
    await fixture.ipvs.sysctls.get();
    await fixture.ipvs.diagnose();
    expect(
      calls.map(({ operation, isSync }) => (isSync ? `sync.${operation}` : operation)),
    ).toEqual([
      'reconcile',
      'snapshot',
      'sync.reconcile',
      'countConnections',
      'connections',
      'sysctls.get',
      'diagnose',
    ]);
    expect(calls[0]?.result).toBe(result);
    expect(calls[3]?.result).toEqual([{ count: 0 }]);
  });

  test('calls on links', async () => {
    const { links } = fixture.ipvs;
    await links.ensureDummy('vip0');
    await links.reconcileAddresses('vip0', ['10.96.0.1/32']);
    links.sync.deleteLink('vip0');
    expect(calls).toMatchObject([
      { operation: 'ensureDummy', target: 'vip0', result: 'created' },
      { operation: 'reconcileAddresses', target: 'vip0' },
      { operation: 'deleteLink', target: 'vip0', isSync: true },
    ]);
    expect(new Set(exchanges.map(({ protocol }) => protocol))).toEqual(new Set(['links']));
  });

  test('a batch, whose chunks are exchanges', async () => {
    await fixture.ipvs.batch((b) => {
      for (let port = 1; port <= 1000; port++) b.addService({ ...service, port });
      b.addService({ ...service, port: 1 });
    });
    expect(calls).toMatchObject([{ operation: 'batch', size: 1001, failures: 1 }]);
    expect(exchanges.length).toBeGreaterThan(1);
    expect(exchanges.reduce((sum, { requests }) => sum + requests, 0)).toBe(1001);
  });
});

test('activity() agrees with the exchanges that are traced', async () => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  expect(ipvs.activity()).toMatchObject({ calls: 0, exchanges: 0, requests: 0 });
  await ipvs.addService(service);
  await ipvs.snapshot();
  await ipvs.batch((b) => b.deleteService(WEB));
  ipvs.sync.getInfo();
  await ipvs.close();
  expect(ipvs.activity()).toEqual({
    calls: calls.length,
    exchanges: exchanges.length,
    requests: exchanges.reduce((sum, { requests }) => sum + requests, 0),
    inFlight: 0,
    waiting: 0,
    repeatedRequests: 0,
    lostReplies: 0,
    repeatedLists: 0,
  });
  expect(calls).toHaveLength(4);
});

describe('NODE_DEBUG', () => {
  const program = () => [process.execPath, programPath('trace.mjs'), fixture.namespace.path];

  /** Runs the program, and returns what it prints on standard error, without times and pids. */
  const linesWith = (value: string) =>
    fixture.namespace
      .run('sh', ['-c', 'NODE_DEBUG="$1" "$2" "$3" "$4" 2>&1', 'sh', value, ...program()])
      .split('\n')
      .map((line) => line.replace(/^IPVS \d+: /, 'IPVS: ').replace(/\d+\.\d\d ms/, 'N ms'));

  test('ipvs prints a line for each call and each exchange', () => {
    const where = `in ${fixture.namespace.path}`;
    const exchange = (text: string) => `IPVS: exchange of ${text} ${where}: N ms`;
    expect(linesWith('ipvs')).toEqual([
      exchange('1 request (ipvs)'),
      `IPVS: addService ${WEB} ${where}: N ms`,
      exchange('2 requests (ipvs)'),
      `IPVS: addService ${WEB} ${where}: N ms, EEXIST`,
      `IPVS: addDestination 10.0.0.2:80 of ${WEB} ${where}: N ms`,
      exchange('1 request (ipvs)'),
      `IPVS: sync.flush ${where}: N ms`,
      exchange('2 requests (ipvs)'),
      `IPVS: batch of 2 operations, of which 1 failed ${where}: N ms`,
      exchange('1 request (links)'),
      `IPVS: listLinks ${where}: N ms`,
      '',
    ]);
  });

  test.each(['', 'net', 'fs,http2'])('%j prints nothing of this package', (value) => {
    expect(linesWith(value).filter((line) => line.startsWith('IPVS'))).toEqual([]);
  });
});
