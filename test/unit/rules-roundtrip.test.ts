import fc from 'fast-check';
import { normalizeDestination, normalizeService } from 'ipvs';
import { formatRules, isRulesError, parseRules } from 'ipvs/ipvsadm';
import { expect, test } from 'vitest';
import { serviceAndDestination } from './helpers/arbitraries.js';
import { ruleState, withoutStats } from './helpers/rule-states.js';

/** The number of states and texts. At length: IPVS_STATES=100000. */
const numRuns = Number(process.env['IPVS_STATES'] ?? 500);
const timeout = 120_000 + numRuns * 20;

test('parseRules returns each state that formatRules has written exactly', { timeout }, () => {
  fc.assert(
    fc.property(ruleState, (state) => {
      const { text, omitted } = formatRules(state, { exact: true });
      expect(omitted).toEqual([]);
      const parsed = parseRules(text);
      expect(withoutStats(parsed)).toEqual(withoutStats(state));
      expect(formatRules(parsed, { exact: true }).text).toBe(text);
    }),
    { numRuns },
  );
});

test('formatRules omits what its text lacks, and nothing else', { timeout }, () => {
  fc.assert(
    fc.property(serviceAndDestination, ([config, server]) => {
      const service = normalizeService(config);
      const destination = normalizeDestination(config, server);
      const state = { services: [{ ...service, destinations: [destination] }] };
      const { text, omitted } = formatRules(state);
      const [parsed] = parseRules(text).services;
      const { stats: _, destinations, ...rest } = { stats: 0, destinations: [], ...parsed };
      const lostBy = (isDestination: boolean) =>
        Object.fromEntries(
          omitted
            .filter((each) => (each.destination !== undefined) === isDestination)
            .map(({ property, value }) => [property, value]),
        );
      expect({ ...rest, ...lostBy(false) }).toEqual(service);
      expect(destinations.map((each) => ({ ...each, ...lostBy(true) }))).toEqual([destination]);
      // Only sh and mh have names of their own for flags.
      expect(['schedulerFlags']).toEqual(expect.arrayContaining(Object.keys(lostBy(false))));
      const names = ['upperThreshold', 'lowerThreshold', 'forwarding'];
      expect(names).toEqual(expect.arrayContaining(Object.keys(lostBy(true))));
    }),
    { numRuns },
  );
});

const RULES = `-A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0
-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 3 -x 10 -y 5
-A -f 7 -6 -s sh -b sh-port,sh-fallback -o --pe sip
-a -f 7 -6 -r [fd00::1]:0 -i --tun-type gue --tun-port 6080 --tun-csum
#ipvs with {"upperThreshold":4,"tunnel":{"type":"gue","port":6080}}
-A --udp-service [fd00::9]:53
-E --udp-service [fd00::9]:53 --scheduler='wlc' # comment
--set 100 0 300
--start-daemon master --mcast-interface eth1 --syncid 3
#ipvs service {"protocol":"tcp","address":"10.0.0.7","port":0}
#ipvs host {"timeouts":{"tcp":5}}
-d -t 10.0.0.1:80 -r 10.1.0.1:8080
-D -f 7 -6
-C
`;
const pieces = RULES.split(/(\s)/);

/** Rules with words and characters that are cut, doubled, swapped or replaced. */
const mutated = fc
  .tuple(
    fc.array(fc.constantFrom(...pieces), { maxLength: 30 }),
    fc.array(fc.tuple(fc.nat(RULES.length), fc.string({ unit: 'binary', maxLength: 3 })), {
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([words, changes, isWhole]) => {
    let text = isWhole ? RULES : words.join(' ').replaceAll(' \n ', '\n');
    for (const [at, insertion] of changes) {
      text = text.slice(0, at) + insertion + text.slice(at + insertion.length);
    }
    return text;
  });

test('parseRules refuses bad text only with an error that says where', { timeout }, () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), mutated);
  fc.assert(
    fc.property(text, (rules) => {
      try {
        parseRules(rules, { resolve: (_name, kind) => (kind === 'host' ? '10.9.9.9' : 80) });
      } catch (error) {
        if (!isRulesError(error)) throw error;
        expect(error.line).toBeLessThanOrEqual(rules.split('\n').length);
        expect(error.column).toBeGreaterThan(0);
        expect(error.message).toContain(`line ${error.line}, column ${error.column}`);
      }
    }),
    { numRuns: numRuns * 4 },
  );
});
