/** Rules of nftables that stay while services drain. */
import fc from 'fast-check';
import { type CompileResult, compile } from 'ipvs/kubernetes';
import { expect, test, vi } from 'vitest';
import { readValues } from '../../lib/cli/arguments.js';
import { Agent, type Targets } from '../../lib/cli/kubernetes/agent.js';
import { options } from '../../lib/cli/kubernetes/command.js';
import { withRulesOf, withVirtualAddressesOf } from '../../lib/cli/kubernetes/lasting-rules.js';
import { settingsOf } from '../../lib/cli/kubernetes/settings.js';
import { formatServiceReference, type Ipvs } from '../../lib/index.js';
import { eventOf, listOf, startFakeApiServer } from './helpers/fake-api-server.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 5 };

const entries = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
const results = fc
  .record({
    sets: fc.dictionary(fc.constantFrom('KUBE-CLUSTER-IP', 'KUBE-IPVS-IPS'), entries),
    dropRules: entries,
  })
  .map((rules) => ({ ...EMPTY, ...rules }));
const EMPTY = compile({ services: [], endpointSlices: [], node: { name: 'node-a' } });

const entriesOf = ({ sets, dropRules }: CompileResult) =>
  new Set([
    ...Object.entries(sets).flatMap(([name, list]) => list.map((entry) => `${name} ${entry}`)),
    ...dropRules,
  ]);

test('rules of two results are those of both, and the same object if nothing goes', () => {
  fc.assert(
    fc.property(results, results, (before, after) => {
      const both = withRulesOf(before, after);
      const all = new Set([...entriesOf(before), ...entriesOf(after)]);
      expect(entriesOf(both)).toEqual(all);
      expect(both === after).toBe(all.size === entriesOf(after).size);
      expect(withRulesOf(after, after)).toBe(after);
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
      reset: () => undefined,
    },
    healthChecks: { update: () => undefined },
  };
  const settings = settingsOf(readValues(options, new Map()), undefined, { NODE_NAME: 'node-a' });
  const stop = new AbortController();
  const agent = new Agent(settings, server.client, targets, (line) => steps.push(line));
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
