/** Rules of nftables that stay while services drain. */
import fc from 'fast-check';
import { type CompileResult, compile } from 'ipvs/kubernetes';
import { expect, test, vi } from 'vitest';
import { Agent, type Targets } from '../../lib/cli/kubernetes/agent.js';
import {
  rulesOfAddresses,
  withRulesOf,
  withVirtualAddressesOf,
} from '../../lib/cli/kubernetes/lasting-rules.js';
import { formatServiceReference, type Ipvs } from '../../lib/index.js';
import { eventOf, listOf, startFakeApiServer } from './helpers/fake-api-server.js';
import { agentSettings } from './helpers/kube-agent.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 5 };

const EMPTY = compile({ services: [], endpointSlices: [], node: { name: 'node-a' } });

/** Sets, the places of their entries, and entries of these places. */
const SETS: Readonly<Record<string, readonly (readonly [place: string, entry: string])[]>> = {
  'KUBE-CLUSTER-IP': [
    ['a:80', '10.0.0.1,tcp:80'],
    ['b:80', '10.0.0.2,tcp:80'],
  ],
  'KUBE-LOAD-BALANCER-LOCAL': [['a:80', '10.0.0.1,tcp:80']],
  'KUBE-LOAD-BALANCER-SOURCE-CIDR': [
    ['a:80', '10.0.0.1,tcp:80,192.0.2.0/24'],
    ['b:80', '10.0.0.2,tcp:80,192.0.2.0/24'],
  ],
  'KUBE-NODE-PORT-TCP': [['tcp 7', '7']],
  'KUBE-NODE-PORT-LOCAL-TCP': [['tcp 7', '7']],
  'KUBE-NODE-PORT-UDP': [['udp 7', '7']],
  'KUBE-IPVS-IPS': [
    ['a', '10.0.0.1'],
    ['b', '10.0.0.2'],
  ],
};
const DROP: readonly (readonly [place: string, entry: string])[] = [['b:80', '10.0.0.2 tcp 80']];
const placeOf = new Map(
  [...Object.entries(SETS), ['', DROP] as const].flatMap(([name, list]) =>
    list.map(([place, entry]) => [`${name} ${entry}`, place] as [string, string]),
  ),
);
const textsOf = (list: readonly (readonly [string, string])[]) => list.map(([, entry]) => entry);
const results = fc
  .tuple(
    fc.record(
      Object.fromEntries(
        Object.entries(SETS).map(([name, list]) => [name, fc.subarray(textsOf(list))]),
      ),
    ),
    fc.subarray(textsOf(DROP)),
  )
  .map(([sets, dropRules]) => ({ ...EMPTY, sets, dropRules }));

const entriesOf = ({ sets, dropRules }: CompileResult) =>
  new Set([
    ...Object.entries(sets).flatMap(([name, list]) => list.map((entry) => `${name} ${entry}`)),
    ...dropRules.map((rule) => ` ${rule}`),
  ]);

test('rules stay for places that are gone, and for no others', () => {
  fc.assert(
    fc.property(results, results, (before, after) => {
      const both = withRulesOf(before, after);
      const own = entriesOf(after);
      const places = new Set([...own].map((entry) => placeOf.get(entry)));
      const kept = [...entriesOf(before)].filter((entry) => !places.has(placeOf.get(entry)));
      expect(entriesOf(both)).toEqual(new Set([...own, ...kept]));
      expect(both === after).toBe(kept.length === 0);
      expect(withRulesOf(both, both)).toBe(both);
    }),
  );
});

test('virtual addresses stay as long as the node has them', () => {
  const before = { ...EMPTY, sets: { 'KUBE-IPVS-IPS': ['a', 'b'], 'KUBE-6-IPVS-IPS': ['c'] } };
  const after = { ...EMPTY, sets: { 'KUBE-IPVS-IPS': ['d'] } };
  expect(withVirtualAddressesOf(before, after, new Set(['b', 'c', 'e'])).sets).toEqual({
    'KUBE-IPVS-IPS': ['d', 'b'],
    'KUBE-6-IPVS-IPS': ['c'],
  });
  expect(withVirtualAddressesOf(before, after, new Set()).sets).toEqual(after.sets);
});

test('the first rules are also for the addresses that the node has already', () => {
  const both = withRulesOf(rulesOfAddresses(['10.0.0.1', 'fd00::1']), EMPTY);
  expect(both.sets).toEqual({ 'KUBE-IPVS-IPS': ['10.0.0.1'], 'KUBE-6-IPVS-IPS': ['fd00::1'] });
  expect(withRulesOf(rulesOfAddresses([]), EMPTY)).toBe(EMPTY);
});

test('an agent adds rules before it changes IPVS, and removes rules afterwards', async () => {
  const service = (version: number, clusterIP: string) => ({
    metadata: { namespace: 'default', name: 'web', resourceVersion: String(version) },
    spec: { clusterIP, ports: [{ port: 80 }] },
  });
  let isWatched = false;
  let change: (object: object) => void = () => undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    const isOfServices = path === '/api/v1/services';
    if (!isWatch) response.end(listOf(isOfServices ? [service(5, '10.96.0.1')] : []));
    else if (isOfServices) {
      change = (object) => void response.write(eventOf('MODIFIED', object));
      isWatched = true;
    }
  });
  const steps: string[] = [];
  const virtual = ({ sets }: CompileResult) =>
    `${sets['KUBE-IPVS-IPS']} | ${sets['KUBE-CLUSTER-IP']}`;
  let onLink = ['10.96.0.1'];
  const targets: Targets = {
    // Nothing else is asked of it.
    ipvs: {
      links: {
        listAddresses: async () => onLink.map((address) => ({ link: 'kube-ipvs0', address })),
      },
    } as unknown as Ipvs,
    director: {
      apply: async (state) => {
        steps.push(`director ${state.services.map(formatServiceReference)}`);
      },
    },
    nftables: {
      apply: async (result) => {
        steps.push(`nft ${virtual(result)}`);
        return '';
      },
      hasChanged: async () => false,
      reset: () => undefined,
    },
    healthChecks: { update: () => undefined },
  };
  const stop = new AbortController();
  const agent = new Agent(agentSettings, server.client, targets, (line) => steps.push(line));
  const running = agent.run(stop.signal);
  const one = '10.96.0.1,tcp:80';
  const two = '10.96.0.2,tcp:80';
  const three = '10.96.0.3,tcp:80';
  const expectSteps = (...expected: string[]) =>
    vi.waitFor(() => expect(steps.splice(0, expected.length)).toEqual(expected), PATIENCE);
  await vi.waitFor(() => expect(steps).toHaveLength(2), PATIENCE);
  await expectSteps(`nft 10.96.0.1 | ${one}`, 'director tcp://10.96.0.1:80');
  await vi.waitFor(() => expect(isWatched).toBe(true), PATIENCE);

  // The first address drains.
  onLink = ['10.96.0.1', '10.96.0.2'];
  change(service(6, '10.96.0.2'));
  await vi.waitFor(() => expect(steps).toHaveLength(3), PATIENCE);
  await expectSteps(
    `nft 10.96.0.2,10.96.0.1 | ${two},${one}`,
    'director tcp://10.96.0.2:80',
    `nft 10.96.0.2,10.96.0.1 | ${two}`,
  );

  onLink = ['10.96.0.3'];
  change(service(7, '10.96.0.3'));
  await vi.waitFor(() => expect(steps).toHaveLength(3), PATIENCE);
  await expectSteps(
    `nft 10.96.0.3,10.96.0.2,10.96.0.1 | ${three},${two}`,
    'director tcp://10.96.0.3:80',
    `nft 10.96.0.3 | ${three}`,
  );
  stop.abort();
  await running;
});
