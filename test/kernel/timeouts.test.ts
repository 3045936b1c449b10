import type { TimeoutChanges, Timeouts } from 'ipvs';
import { beforeEach, expect, test } from 'vitest';
import { Namespace } from './helpers/namespace.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const defaults = { tcp: 900, tcpFin: 120, udp: 300 };
const MONTH = 2678400;

/** Returns the timeouts that `ipvsadm -L --timeout` prints. */
const printed = (namespace: Namespace) =>
  /udp\): (\d+) (\d+) (\d+)/.exec(namespace.ipvsadm('-L', '--timeout'))?.slice(1).map(Number);

beforeEach(() => fixture.ipvs.setTimeouts(defaults));

const changes: readonly {
  readonly changed: TimeoutChanges;
  readonly expected: Timeouts;
}[] = [
  { changed: { tcp: 1 }, expected: { ...defaults, tcp: 1 } },
  { changed: { tcpFin: 2 }, expected: { ...defaults, tcpFin: 2 } },
  { changed: { udp: 3 }, expected: { ...defaults, udp: 3 } },
  { changed: { tcp: 5, tcpFin: undefined, udp: 7 }, expected: { tcp: 5, tcpFin: 120, udp: 7 } },
  {
    changed: { tcp: MONTH, tcpFin: MONTH, udp: MONTH },
    expected: { tcp: MONTH, tcpFin: MONTH, udp: MONTH },
  },
];

test.each(changes)('setTimeouts $changed keeps the rest', async ({ changed, expected }) => {
  await fixture.ipvs.setTimeouts(changed);
  expect(await fixture.ipvs.getTimeouts()).toEqual(expected);
  expect(printed(fixture.namespace)).toEqual([expected.tcp, expected.tcpFin, expected.udp]);
});

test('getTimeouts returns the timeouts that ipvsadm sets', async () => {
  fixture.namespace.ipvsadm('--set', '11', '0', '33');
  expect(await fixture.ipvs.getTimeouts()).toEqual({ ...defaults, tcp: 11, udp: 33 });
});

test('setTimeouts writes what getTimeouts has read, also above the limit of ipvsadm', async () => {
  const { ipvs, namespace } = fixture;
  const long = { tcp: 3_600_000, tcpFin: 3_600_001, udp: 3_600_002 };
  await ipvs.setTimeouts(long);
  const before = await ipvs.getTimeouts();
  expect(before).toEqual(long);
  await ipvs.setTimeouts(defaults);
  await ipvs.setTimeouts(before);
  expect(printed(namespace)).toEqual(Object.values(long));
});

test.each(['tcp', 'tcpFin', 'udp'])('a %s timeout above the limit is refused', async (name) => {
  const { ipvs } = fixture;
  await expect(ipvs.setTimeouts({ tcp: 5, [name]: 2 ** 31 - 1 })).rejects.toMatchObject({
    code: 'EINVAL',
    syscall: 'IPVS_CMD_SET_CONFIG',
    message: expect.stringContaining('a timeout is above the limit of this kernel: 2147483647'),
  });
  expect(await ipvs.getTimeouts()).toEqual(defaults);
});

test('setTimeouts applies calls in order', async () => {
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

test('timeouts belong to the network namespace', async () => {
  const other = new Namespace();
  await fixture.ipvs.setTimeouts({ tcp: 10 });
  expect(printed(other)).toEqual([900, 120, 300]);
  other.delete();
});
