import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ServiceConfig } from '../../lib/index.js';
import type { RequestBuffer } from '../../lib/ipvs/request-buffer.js';
import type { NativeChanges } from '../../lib/native/addon.js';
import { layout } from '../../lib/native/layout.js';
import { drainingOf, formatChange, MadeChanges, PlannedRequests } from '../../lib/state/changes.js';
import { encodeState } from '../../lib/state/encode-state.js';
import { ReconcileResult } from '../../lib/state/result.js';
import { native } from './helpers/native.js';
import { calls, pack } from './helpers/requests.js';

const KEY = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;
const SERVICE = 'tcp://10.96.0.1:80';
const { auxiliary: AUXILIARY } = layout.planOrigins;

const arrayOf = (requests: RequestBuffer) => {
  const bytes = requests.bytes();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
};
const none = arrayOf(pack());

/** Turns the requests of ensure operations into those that a plan has. */
function planned(requests: RequestBuffer, operation: keyof typeof layout.operations) {
  const { u32s } = requests.records;
  for (let index = 0; index < requests.count; index++) {
    const at = (requests.base(index) + layout.request.fields.operation.offset) >> 2;
    u32s[at] = layout.operations[operation];
  }
  return arrayOf(requests);
}

const changesOf = (changes: Partial<NativeChanges>): NativeChanges => ({
  operations: new ArrayBuffer(0),
  origins: new ArrayBuffer(0),
  before: none,
  draining: none,
  connections: new ArrayBuffer(0),
  unchangedServices: 0,
  unchangedDestinations: 0,
  ...changes,
});

/** Returns the planned requests that a buffer has, with these origins. */
function plannedOf(requests: ArrayBuffer, changes: Partial<NativeChanges>): PlannedRequests {
  const { size, fields } = layout.request;
  const u32s = new Uint32Array(requests);
  const operations = new Uint8Array(requests.byteLength / size);
  for (let index = 0; index < operations.length; index++) {
    operations[index] = u32s[(index * size + fields.operation.offset) >> 2] ?? 0;
  }
  const write = (first: number, target: Uint8Array) =>
    target.set(new Uint8Array(requests, first * size, target.length));
  return new PlannedRequests(changesOf({ operations: operations.buffer, ...changes }), write);
}

/** Returns the changes of requests that all succeeded. */
const listOf = (planned: PlannedRequests) => [...new MadeChanges(planned, new Set()).list()];

const originsOf = (...origins: number[]) => new Uint32Array(origins).buffer;

/** Returns the update from one service to another. */
function serviceUpdate(before: object, after: object) {
  const encode = (settings: object) =>
    pack(calls.ensureService({ ...KEY, ...settings } as ServiceConfig));
  const requests = plannedOf(planned(encode(after), 'setService'), {
    origins: originsOf(1),
    before: arrayOf(encode(before)),
  });
  return listOf(requests);
}

/** Returns the update from one destination to another. */
function destinationUpdate(before: object, after: object) {
  const encode = (settings: object) =>
    pack(calls.ensureDestination(KEY, { address: '10.0.0.1', ...settings }));
  const requests = plannedOf(planned(encode(after), 'setDestination'), {
    origins: originsOf(1),
    before: arrayOf(encode(before)),
  });
  return listOf(requests);
}

describe('the differences of an update', () => {
  test.each<readonly [string, object, object, object, string]>([
    ['scheduler', { scheduler: 'rr' }, {}, { scheduler: ['rr', 'wlc'] }, 'scheduler rr → wlc'],
    [
      'flags',
      { scheduler: 'sh', schedulerFlags: ['sh-port'] },
      { scheduler: 'sh' },
      { schedulerFlags: [['sh-port'], []] },
      'schedulerFlags ["sh-port"] → []',
    ],
    [
      'persistence',
      {},
      { persistence: { timeout: 60 } },
      { persistence: [null, { timeout: 60, netmask: '255.255.255.255', engine: null }] },
      'persistence none → {"timeout":60,"netmask":"255.255.255.255","engine":null}',
    ],
    [
      'several settings',
      { scheduler: 'rr', persistence: { timeout: 1 } },
      { scheduler: 'sh', persistence: { timeout: 2 } },
      {
        scheduler: ['rr', 'sh'],
        persistence: [
          { timeout: 1, netmask: '255.255.255.255', engine: null },
          { timeout: 2, netmask: '255.255.255.255', engine: null },
        ],
      },
      'scheduler rr → sh, persistence {"timeout":1,"netmask":"255.255.255.255","engine":null} → ' +
        '{"timeout":2,"netmask":"255.255.255.255","engine":null}',
    ],
  ])('of a service: %s', (_, before, after, differences, text) => {
    const changes = serviceUpdate(before, after);
    expect(changes).toEqual([{ action: 'update', service: SERVICE, differences }]);
    expect(changes.map(formatChange)).toEqual([`~ ${SERVICE} ${text}`]);
  });

  test('of a service by packet', () => {
    const encode = (onePacket: boolean) => pack(calls.ensureService({ fwmark: 7, onePacket }));
    const requests = plannedOf(planned(encode(true), 'setService'), {
      origins: originsOf(1),
      before: arrayOf(encode(false)),
    });
    const [change] = listOf(requests);
    expect(change).toMatchObject({ differences: { onePacket: [false, true] } });
  });

  test.each<readonly [string, object, object, object, string]>([
    ['weight', { weight: 0 }, { weight: 3 }, { weight: [0, 3] }, 'weight 0 → 3'],
    [
      'forwarding',
      { forwarding: 'masquerade' },
      { forwarding: 'tunnel' },
      { forwarding: ['masquerade', 'tunnel'], tunnel: [null, { type: 'ipip' }] },
      'forwarding masquerade → tunnel, tunnel none → {"type":"ipip"}',
    ],
    [
      'thresholds',
      {},
      { upperThreshold: 9, lowerThreshold: 5 },
      { upperThreshold: [0, 9], lowerThreshold: [0, 5] },
      'upperThreshold 0 → 9, lowerThreshold 0 → 5',
    ],
    [
      'tunnel',
      { forwarding: 'tunnel', tunnel: { type: 'gre' } },
      { forwarding: 'tunnel', tunnel: { type: 'gue', port: 5555 } },
      {
        tunnel: [
          { type: 'gre', checksum: 'none' },
          { type: 'gue', port: 5555, checksum: 'none' },
        ],
      },
      'tunnel {"type":"gre","checksum":"none"} → {"type":"gue","port":5555,"checksum":"none"}',
    ],
  ])('of a destination: %s', (_, before, after, differences, text) => {
    const destination = '10.0.0.1:80';
    const changes = destinationUpdate(before, after);
    expect(changes).toEqual([{ action: 'update', service: SERVICE, destination, differences }]);
    expect(changes.map(formatChange)).toEqual([`~ ${SERVICE} ${destination} ${text}`]);
  });
});

/** The plan for a table without services, by the addon itself. */
function planFor(...services: readonly unknown[]) {
  const { requests } = encodeState({ services });
  const plan = new native.Plan(requests.bytes(), 0xffffffff, false, 0, false);
  plan.prune(new Uint8Array());
  const changes = plan.finish();
  return { changes, planned: new PlannedRequests(changes, (...args) => plan.write(...args)) };
}

describe('the result of additions', () => {
  const servers = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({ address }));
  const wanted = [
    { ...KEY, destinations: servers },
    { fwmark: 7, family: 'ipv6' },
  ];
  const { planned } = planFor(...wanted);
  const lines = [
    `+ ${SERVICE}`,
    `+ ${SERVICE} 10.0.0.3:80`,
    `+ ${SERVICE} 10.0.0.2:80`,
    `+ ${SERVICE} 10.0.0.1:80`,
    '+ fwmark6://7',
  ];
  const unchanged = { services: 2, destinations: 1 };
  const resultOf = (failed: readonly number[] = []) =>
    new ReconcileResult([new MadeChanges(planned, new Set(failed))], unchanged, []);

  test('is a text, a line for each change', () => {
    expect(String(resultOf())).toBe(lines.join('\n'));
    expect(String(new ReconcileResult([], unchanged, []))).toBe('');
  });

  test('leaves out the changes that failed', () => {
    expect(String(resultOf([0, 2]))).toBe([lines[1], lines[3], lines[4]].join('\n'));
  });

  test('is plain data in JSON, for comparisons and for console.log()', () => {
    const plain = {
      changes: [
        { action: 'add', service: SERVICE },
        ...[3, 2, 1].map((last) => ({
          action: 'add',
          service: SERVICE,
          destination: `10.0.0.${last}:80`,
        })),
        { action: 'add', service: 'fwmark6://7' },
      ],
      unchanged,
      draining: [],
    };
    expect(JSON.parse(JSON.stringify(resultOf()))).toEqual(plain);
    expect({ ...resultOf() }).toEqual(plain);
    expect(inspect(resultOf(), { depth: 4 })).toContain(
      "{ action: 'add', service: 'fwmark6://7' }",
    );
  });

  test('makes its changes once', () => {
    const result = resultOf();
    expect(result.changes).toBe(result.changes);
  });

  test('joins the changes of several plans', () => {
    const part = new MadeChanges(planned, new Set());
    const result = new ReconcileResult([part, part], unchanged, []);
    expect(result.changes).toHaveLength(2 * lines.length);
  });

  test('counts no deletion', () => {
    expect(planned.deletions).toBe(0);
  });
});

test('a table of mh is built once, which is no change of its own', () => {
  const servers = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ address: `10.1.${index >> 8}.${index & 255}` }));
  const requestsOf = (count: number, scheduler: string) => {
    const { changes, planned } = planFor({ ...KEY, scheduler, destinations: servers(count) });
    const origins = [...new Uint32Array(changes.origins)];
    return {
      requests: planned.count,
      auxiliary: origins.filter((origin) => origin === AUXILIARY).length,
      changes: listOf(planned).length,
    };
  };
  expect(requestsOf(1000, 'mh')).toEqual({ requests: 1003, auxiliary: 2, changes: 1001 });
  expect(requestsOf(16, 'mh')).toEqual({ requests: 19, auxiliary: 2, changes: 17 });
  expect(requestsOf(15, 'mh')).toEqual({ requests: 16, auxiliary: 0, changes: 16 });
  expect(requestsOf(1000, 'rr')).toEqual({ requests: 1001, auxiliary: 0, changes: 1001 });
});

test('deletions are counted, and have no differences', () => {
  const requests = pack(calls.deleteService(KEY), calls.deleteDestination(KEY, '10.0.0.1:80'));
  const planned = plannedOf(arrayOf(requests), { origins: originsOf(0, 0) });
  expect(planned.deletions).toBe(2);
  const changes = listOf(planned);
  expect(changes.map(formatChange)).toEqual([`- ${SERVICE}`, `- ${SERVICE} 10.0.0.1:80`]);
  expect(changes.every((change) => !('differences' in change))).toBe(true);
});

test('draining destinations have the numbers of their connections', () => {
  const draining = pack(
    calls.ensureDestination(KEY, { address: '10.0.0.1' }),
    calls.ensureDestination({ fwmark: 7, family: 'ipv6' }, { address: 'fd00::1', port: 8080 }),
  );
  const changes = changesOf({
    draining: arrayOf(draining),
    connections: new Uint32Array([3, 0, 1, 2 ** 32 - 1]).buffer,
  });
  expect(drainingOf(changes)).toEqual([
    {
      service: SERVICE,
      destination: '10.0.0.1:80',
      activeConnections: 3,
      inactiveConnections: 0,
    },
    {
      service: 'fwmark6://7',
      destination: '[fd00::1]:8080',
      activeConnections: 1,
      inactiveConnections: 2 ** 32 - 1,
    },
  ]);
});
