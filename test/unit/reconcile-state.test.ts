import { describe, expect, test } from 'vitest';
import { layout } from '../../lib/native/layout.js';
import { duplicateError, encodeState } from '../../lib/state/encode-state.js';
import { operationsOf } from './helpers/fake-handle.js';
import { native } from './helpers/native.js';
import { polluted } from './helpers/polluted.js';
import { calls, pack } from './helpers/requests.js';

const KEY = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const SERVER = { address: '10.0.0.1' } as const;

const stateOf = (...services: readonly unknown[]) => encodeState({ services });
const bytesOf = (services: readonly unknown[]) => [...stateOf(...services).requests.bytes()];

/** Returns the error for a state. */
function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return expect.unreachable('nothing was thrown');
}

/** Returns the error for an object that is wanted twice, or undefined. */
function duplicateIn(...services: readonly unknown[]) {
  const encoded = stateOf(...services);
  const plan = new native.Plan(encoded.requests.bytes(), 0, false, 0, false);
  const found = plan.duplicate();
  return found === undefined ? undefined : duplicateError(encoded, found);
}

describe('a state is encoded', () => {
  test('as the operations that would make it', () => {
    const other = { address: '10.0.0.2', weight: 3 };
    const state = [
      { ...KEY, scheduler: 'rr', destinations: [SERVER, other] },
      { fwmark: 7, destinations: [] },
    ];
    const expected = pack(
      calls.ensureService({ ...KEY, scheduler: 'rr' }),
      calls.ensureDestination(KEY, SERVER),
      calls.ensureDestination(KEY, other),
      calls.ensureService({ fwmark: 7 }),
    );
    expect(bytesOf(state)).toEqual([...expected.bytes()]);
  });

  test('with another operation for a service whose destinations are left alone', () => {
    const { requests } = stateOf(
      KEY,
      { fwmark: 7, destinations: undefined },
      {
        fwmark: 8,
        destinations: [],
      },
    );
    expect(operationsOf(requests.bytes())).toEqual([
      'updateService',
      'updateService',
      'ensureService',
    ]);
  });

  test('with the path of each of its objects', () => {
    const { requests, pathOf } = stateOf(
      KEY,
      { fwmark: 7, destinations: [SERVER, { address: '10.0.0.2' }] },
      { fwmark: 8, destinations: [] },
      { fwmark: 9, destinations: [SERVER] },
    );
    expect(Array.from({ length: requests.count }, (_, index) => pathOf(index))).toEqual([
      'state.services[0]',
      'state.services[1]',
      'state.services[1].destinations[0]',
      'state.services[1].destinations[1]',
      'state.services[2]',
      'state.services[3]',
      'state.services[3].destinations[0]',
    ]);
  });

  test('if it is frozen, and from instances of classes with properties of their own', () => {
    class Service {
      readonly fwmark = 7;
      readonly scheduler = 'rr';
      readonly destinations = Object.freeze([new Server()]);
    }
    class Server {
      readonly address = '10.0.0.1';
    }
    const plain = { fwmark: 7, scheduler: 'rr', destinations: [SERVER] };
    expect(bytesOf([Object.freeze(new Service())])).toEqual(bytesOf([plain]));
    const bare = Object.assign(Object.create(null), plain);
    expect(bytesOf([bare])).toEqual(bytesOf([plain]));
  });

  test('by reading each property once', () => {
    const reads: Record<string, number> = {};
    const counting = (values: Readonly<Record<string, unknown>>) =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            {
              enumerable: true,
              get: () => {
                reads[name] = (reads[name] ?? 0) + 1;
                return value;
              },
            },
          ]),
        ),
      );
    const server = counting({ address: '10.0.0.1', weight: 3 });
    const service = counting({ fwmark: 7, scheduler: 'rr', destinations: [server, SERVER] });
    encodeState(counting({ services: [service] }));
    const once = { services: 1, fwmark: 1, scheduler: 1, destinations: 1, address: 1, weight: 1 };
    expect(reads).toEqual(once);
  });

  test('without what somebody has added to Object.prototype', () => {
    const plain = bytesOf([KEY, { fwmark: 7, destinations: [SERVER] }]);
    const properties = { destinations: { value: [{ address: '10.9.9.9' }] }, weight: { value: 9 } };
    const state = { services: [KEY, { fwmark: 7, destinations: [SERVER] }] };
    expect(polluted(properties, () => [...encodeState(state).requests.bytes()])).toEqual(plain);
  });
});

describe('bad input is refused', () => {
  class Getters {
    get fwmark() {
      return 7;
    }
  }
  class Half {
    readonly fwmark = 7;
    get destinations() {
      return [];
    }
  }
  const more = { fwmark: 7, destinations: [SERVER] };
  const first = 'reconcile state.services[0]';
  const OBJECT = 'is not an object: a service and its destinations';

  test.each<readonly [string, unknown, string, string]>([
    [
      'no state',
      undefined,
      'ERR_INVALID_ARG_TYPE',
      'state: undefined is not an object: write { services: [...] }',
    ],
    [
      'an array of services',
      [KEY],
      'ERR_INVALID_ARG_TYPE',
      'state: [ [Object] ] is not an object: write { services: [...] }',
    ],
    [
      'no services',
      {},
      'ERR_INVALID_ARG_TYPE',
      'state.services: undefined is not an array of services',
    ],
    [
      'services that are no array',
      { services: KEY },
      'ERR_INVALID_ARG_TYPE',
      "state.services: { protocol: 'tcp', address: '10.96.0.1', port: 80 } is not an array of " +
        'services',
    ],
    [
      'a property that a state does not have',
      { services: [], service: [] },
      'ERR_INVALID_ARG_VALUE',
      "state.service: 'service' is not a known property: did you mean services?",
    ],
    [
      'a name that every object knows',
      { services: [], constructor: 1 },
      'ERR_INVALID_ARG_VALUE',
      "state.constructor: 'constructor' is not a known property: one of services",
    ],
    [
      'timeouts, which rules may have',
      { services: [], timeouts: { tcp: 60 } },
      'ERR_INVALID_ARG_VALUE',
      "state.timeouts: 'timeouts' is not a known property: a state has services only: use setTimeouts",
    ],
    [
      'sync daemons, which rules may have',
      { services: [], syncDaemons: [] },
      'ERR_INVALID_ARG_VALUE',
      "state.syncDaemons: 'syncDaemons' is not a known property: a state has services only: use " +
        'startSyncDaemon',
    ],
    [
      'a service by its name',
      { services: [more, 'tcp://10.96.0.1:80'] },
      'ERR_INVALID_ARG_TYPE',
      `state.services[1]: 'tcp://10.96.0.1:80' ${OBJECT}`,
    ],
    [
      'a hole',
      { services: [undefined] },
      'ERR_INVALID_ARG_TYPE',
      `state.services[0]: undefined ${OBJECT}`,
    ],
    ['null', { services: [null] }, 'ERR_INVALID_ARG_TYPE', `state.services[0]: null ${OBJECT}`],
    [
      'a service without a key',
      { services: [{}] },
      'ERR_INVALID_ARG_VALUE',
      `${first}: service: {} needs protocol, address and port, or fwmark`,
    ],
    [
      'an unknown setting of a service',
      { services: [more, { ...KEY, weight: 1 }] },
      'ERR_INVALID_ARG_VALUE',
      "reconcile state.services[1] (tcp://10.96.0.1:80): service.weight: 'weight' is not a known " +
        'property: one of protocol, address, port, fwmark, family, scheduler, schedulerFlags, ' +
        'persistence, onePacket, destinations',
    ],
    [
      'a bad setting of a service',
      { services: [more, { ...KEY, onePacket: true }] },
      'ERR_INVALID_ARG_VALUE',
      'reconcile state.services[1] (tcp://10.96.0.1:80): service.onePacket: true is only for udp ' +
        'and firewall marks, not for tcp',
    ],
    [
      'an address with a leading zero',
      { services: [{ ...KEY, address: '010.96.0.1' }] },
      'ERR_INVALID_ARG_VALUE',
      `${first}: service.address: '010.96.0.1' is not an IPv4 or IPv6 address without port, ` +
        'prefix or zone',
    ],
    [
      'destinations that are no array',
      { services: [{ ...KEY, destinations: SERVER }] },
      'ERR_INVALID_ARG_TYPE',
      "state.services[0].destinations: { address: '10.0.0.1' } is not an array of destinations",
    ],
    [
      'null as destinations',
      { services: [{ ...KEY, destinations: null }] },
      'ERR_INVALID_ARG_TYPE',
      'state.services[0].destinations: null is not an array of destinations',
    ],
    [
      'a destination by its name',
      { services: [{ ...KEY, destinations: ['10.0.0.1:80'] }] },
      'ERR_INVALID_ARG_TYPE',
      `${first}.destinations[0] (tcp://10.96.0.1:80): destination: '10.0.0.1:80' is not an object: ` +
        "write { address: '10.0.0.1', port: 80 }",
    ],
    [
      'a bad setting of a destination',
      { services: [more, { ...KEY, destinations: [SERVER, { address: '10.0.0.2', weight: -1 }] }] },
      'ERR_OUT_OF_RANGE',
      'reconcile state.services[1].destinations[1] (10.0.0.2:80 of tcp://10.96.0.1:80): ' +
        'destination.weight: -1 is not an integer from 0 to 2147483647',
    ],
    [
      'an instance whose class has the getters',
      { services: [new Getters()] },
      'ERR_INVALID_ARG_TYPE',
      `${first}: service: Getters {} is not an object with properties of its own`,
    ],
    [
      'an instance whose class has the destinations',
      { services: [new Half()] },
      'ERR_INVALID_ARG_VALUE',
      `${first}: service.destinations: 'destinations' is inherited: only own properties are read`,
    ],
    [
      'a Map',
      { services: [new Map([['fwmark', 7]])] },
      'ERR_INVALID_ARG_TYPE',
      `${first}: service: Map(1) { 'fwmark' => 7 } is not an object with properties of its own`,
    ],
    [
      'a promise',
      { services: [Promise.resolve(KEY)] },
      'ERR_INVALID_ARG_TYPE',
      `${first}: service: Promise { [Object] } is not an object: await the promise first`,
    ],
  ])('%s', (_, state, code, message) => {
    expect(errorOf(() => encodeState(state))).toMatchObject({ code, message });
  });
});

describe('an unknown property of a service', () => {
  const messageFor = (key: string) =>
    errorOf(() => encodeState({ services: [{ ...KEY, [key]: [SERVER] }] }));
  const unknown = (key: string) =>
    `reconcile state.services[0] (tcp://10.96.0.1:80): service.${key}: '${key}' is not a known property`;

  test.each([
    ...['destination', 'Destinations', 'destinatons', 'dest', 'servers', 'realServers'],
    ...['real_servers', 'backends', 'members', 'endpoints'],
  ])('%s is taken for destinations', (key) => {
    expect(messageFor(key)).toMatchObject({
      message: `${unknown(key)}: did you mean destinations?`,
    });
  });

  test.each([
    ['server', 'address'],
    ['shceduler', 'scheduler'],
  ])('%s is taken for %s', (key, meant) => {
    expect(messageFor(key)).toMatchObject({ message: `${unknown(key)}: did you mean ${meant}?` });
  });
});

describe('an object that is wanted twice is refused', () => {
  const mapped = { protocol: 'tcp', address: '::ffff:10.0.0.1', port: 80 } as const;

  test.each<{
    readonly title: string;
    readonly services: readonly unknown[];
    readonly message: string;
  }>([
    {
      title: 'a service',
      services: [KEY, { fwmark: 7 }, { ...KEY, scheduler: 'rr' }],
      message:
        "state.services[2]: 'tcp://10.96.0.1:80' is wanted twice: it is state.services[0] already",
    },
    {
      title: 'a service in another spelling',
      services: [
        { ...KEY, address: 'FD00:0::1' },
        { ...KEY, address: 'fd00::1' },
      ],
      message:
        "state.services[1]: 'tcp://[fd00::1]:80' is wanted twice: it is state.services[0] already",
    },
    {
      title: 'an address of IPv4 in IPv6 in another spelling',
      services: [mapped, { ...mapped, address: '0:0:0:0:0:FFFF:a00:1' }],
      message:
        "state.services[1]: 'tcp://[::ffff:10.0.0.1]:80' is wanted twice: it is state.services[0] already",
    },
    {
      title: 'a firewall mark with and without its family',
      services: [{ fwmark: 7 }, { fwmark: 7, family: 'ipv4' }],
      message: "state.services[1]: 'fwmark://7' is wanted twice: it is state.services[0] already",
    },
    {
      title: 'a destination with and without its port',
      services: [{ fwmark: 7 }, { ...KEY, destinations: [SERVER, { ...SERVER, port: 80 }] }],
      message:
        "state.services[1].destinations[1]: '10.0.0.1:80 of tcp://10.96.0.1:80' is wanted twice: " +
        'it is state.services[1].destinations[0] already',
    },
    {
      title: 'a destination in another spelling',
      services: [
        {
          protocol: 'tcp',
          address: 'fd00::1',
          port: 80,
          destinations: [{ address: 'fd00::2' }, { address: 'FD00:0:0::2' }],
        },
      ],
      message:
        "state.services[0].destinations[1]: '[fd00::2]:80 of tcp://[fd00::1]:80' is wanted twice: " +
        'it is state.services[0].destinations[0] already',
    },
  ])('$title', ({ services, message }) => {
    expect(duplicateIn(...services)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message });
  });

  test.each<{ readonly title: string; readonly services: readonly unknown[] }>([
    {
      title: 'firewall marks of both families',
      services: [{ fwmark: 7 }, { fwmark: 7, family: 'ipv6' }],
    },
    {
      title: 'an address of IPv4, also in IPv6',
      services: [{ ...KEY, address: '10.0.0.1' }, mapped],
    },
    { title: 'two protocols', services: [KEY, { ...KEY, protocol: 'udp' }] },
    {
      title: 'a destination of two services, and with two ports',
      services: [
        { fwmark: 7, destinations: [SERVER, { ...SERVER, port: 80 }] },
        { fwmark: 8, destinations: [SERVER] },
      ],
    },
    { title: 'nothing', services: [] },
  ])('but not $title', ({ services }) => {
    expect(duplicateIn(...services)).toBeUndefined();
  });

  test('in a state of many objects', () => {
    const services = Array.from({ length: 3000 }, (_, index) => ({
      fwmark: 1 + index,
      destinations: [SERVER, { address: '10.0.0.2' }],
    }));
    expect(duplicateIn(...services)).toBeUndefined();
    expect(duplicateIn(...services, { fwmark: 1234 })).toMatchObject({
      message:
        "state.services[3000]: 'fwmark://1234' is wanted twice: it is state.services[1233] already",
    });
  });
});

test('the records of a state are those of requests', () => {
  const { requests } = stateOf({ fwmark: 7, destinations: [SERVER] });
  expect(requests.bytes().length).toBe(2 * layout.request.size);
});
