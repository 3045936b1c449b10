/**
 * A run of destinations copies the key of its service from request to request: the bytes are those
 * of requests that are encoded one by one.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations } from '../../lib/ipvs/operations.js';
import { RequestBuffer } from '../../lib/ipvs/request-buffer.js';

type Encode = (request: RequestBuffer) => void;

/** Encodes a request, and commits it, or discards it if its arguments are refused. */
function add(buffer: RequestBuffer, name: string, encode: Encode): void {
  buffer.begin(name);
  try {
    encode(buffer);
    buffer.commit();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    buffer.discard(buffer.count);
  }
}

const destination = { address: '10.0.0.1', port: 80 };

const addDestination = (service: unknown, config: unknown = destination): Encode => {
  return (request) => operations.addDestination.encode(request, service as never, config as never);
};

/** What a random step does with one of a few services, which steps share and change. */
type Step = (services: Record<string, unknown>[]) => readonly [name: string, encode: Encode];

const which = fc.nat(2);
const properties = fc.constantFrom<Record<string, unknown>>(
  { protocol: 'tcp' },
  { protocol: 'udp' },
  { address: '10.96.0.7' },
  { address: 'fd00::7' },
  { port: 443 },
  { port: '443' },
  { fwmark: 7 },
  { fwmark: undefined },
  { family: 'ipv4' },
  { family: 'ipv6' },
  { family: undefined },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: which.map(
      (i): Step =>
        (all) => ['addDestination', addDestination(all[i])],
    ),
  },
  which.map(
    (i): Step =>
      (all) => ['addDestination', addDestination(all[i], { address: '1' })],
  ),
  which.map(
    (i): Step =>
      (all) => {
        return ['addService', (request) => operations.addService.encode(request, all[i] as never)];
      },
  ),
  which.map(
    (i): Step =>
      (all) => {
        return [
          'getService',
          (request) => operations.getService.encode(request, all[i] as never, undefined),
        ];
      },
  ),
  fc.constant<Step>(() => ['flush', (request) => operations.flush.encode(request)]),
  fc.constantFrom('tcp://10.96.0.1:80', 'udp://[fd00::1]:53', 'fwmark://7', 'tcp').map(
    (text): Step =>
      () => ['addDestination', addDestination(text)],
  ),
  fc.tuple(which, properties).map(
    ([i, change]): Step =>
      (all) => {
        Object.assign(all[i] ?? {}, change);
        return ['addDestination', addDestination(all[i])];
      },
  ),
);

const newServices = () => [
  { protocol: 'tcp', address: '10.96.0.1', port: 80 },
  { protocol: 'tcp', address: 'fd00::1', port: 80, scheduler: 'rr' },
  { fwmark: 1 },
];

describe('a run of destinations of one service', () => {
  test('encodes what single requests encode, also around changes, errors and other requests', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 12 }), (list) => {
        const inOne = new RequestBuffer();
        const services = newServices();
        for (const step of list) add(inOne, ...step(services));

        const again = newServices();
        const alone = list.map((step) => {
          const buffer = new RequestBuffer();
          add(buffer, ...step(again));
          return Buffer.from(buffer.bytes());
        });
        expect(Buffer.from(inOne.bytes()).equals(Buffer.concat(alone))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('does not take the value of a getter for the one that was encoded', () => {
    let reads = 0;
    const service = {
      protocol: 'tcp',
      get address() {
        return `10.96.0.${++reads}`;
      },
      port: 80,
    };
    const buffer = new RequestBuffer();
    for (let each = 0; each < 20; each++) add(buffer, 'addDestination', addDestination(service));
    // Each key is one that was read for it; none is that of an earlier request.
    const last = Array.from({ length: 20 }, (_, i) => buffer.records.bytes[buffer.service(i) + 3]);
    expect(new Set(last).size).toBe(20);
  });
});
