import type { TimeoutChanges, Timeouts } from 'ipvs';
import { beforeEach, expect, test } from 'vitest';
import { Namespace } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const defaults = { tcp: 900, tcpFin: 120, udp: 300 };
const MONTH = 2678400;

/** As `ipvsadm -L --timeout` has them. */
const printed = (namespace: Namespace) =>
  /udp\): (\d+) (\d+) (\d+)/.exec(namespace.ipvsadm('-L', '--timeout'))?.slice(1).map(Number);

beforeEach(() => fixture.ipvs.setTimeouts(defaults));

const changes: readonly (readonly [TimeoutChanges, Timeouts])[] = [
  [{ tcp: 1 }, { ...defaults, tcp: 1 }],
  [{ tcpFin: 2 }, { ...defaults, tcpFin: 2 }],
  [{ udp: 3 }, { ...defaults, udp: 3 }],
  [
    { tcp: 5, tcpFin: undefined, udp: 7 },
    { tcp: 5, tcpFin: 120, udp: 7 },
  ],
  [
    { tcp: MONTH, tcpFin: MONTH, udp: MONTH },
    { tcp: MONTH, tcpFin: MONTH, udp: MONTH },
  ],
];

test.each(changes)('%o leaves the rest', async (changed, expected) => {
  await fixture.ipvs.setTimeouts(changed);
  expect(await fixture.ipvs.getTimeouts()).toEqual(expected);
  expect(printed(fixture.namespace)).toEqual([expected.tcp, expected.tcpFin, expected.udp]);
});

test('are read as ipvsadm sets them', async () => {
  fixture.namespace.ipvsadm('--set', '11', '0', '33');
  expect(await fixture.ipvs.getTimeouts()).toEqual({ ...defaults, tcp: 11, udp: 33 });
});

test('apply in order', async () => {
  const { ipvs } = fixture;
  const answers = await Promise.all([
    ipvs.setTimeouts({ tcp: 10 }),
    ipvs.getTimeouts(),
    ipvs.setTimeouts({ tcp: 20, udp: 30 }),
    ipvs.setTimeouts({ tcpFin: 40 }),
    ipvs.getTimeouts(),
  ]);
  expect(answers[1]).toEqual({ ...defaults, tcp: 10 });
  expect(answers[4]).toEqual({ tcp: 20, tcpFin: 40, udp: 30 });
});

test('belong to the network namespace', async () => {
  const other = new Namespace();
  await fixture.ipvs.setTimeouts({ tcp: 10 });
  expect(printed(other)).toEqual([900, 120, 300]);
  other.delete();
});
