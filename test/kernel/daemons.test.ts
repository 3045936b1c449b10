import type { SyncDaemon, SyncDaemonConfig } from 'ipvs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const roles = ['master', 'backup'] as const;
const LINK = 'peers';

beforeAll(() => {
  fixture.namespace.ip('link', 'add', LINK, 'type', 'dummy');
  fixture.namespace.ip('link', 'set', LINK, 'up');
  fixture.namespace.ip('address', 'add', '10.9.9.1/24', 'dev', LINK);
});

beforeEach(async () => {
  for (const role of roles) await fixture.ipvs.stopSyncDaemon(role, { ifRunning: true });
});

const ipvsadmDaemon = ({
  role,
  interface: link,
  syncId,
  maxLength,
  group,
  port,
  ttl,
}: SyncDaemon) =>
  `${role} sync daemon (mcast=${link}, syncid=${syncId}, maxlen=${maxLength}, group=${group}, port=${port}, ttl=${ttl})`;

const listing = () =>
  fixture.namespace
    .ipvsadm('-L', '--daemon')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const full = { interface: LINK, syncId: 255, maxLength: 1100, port: 9000, ttl: 3 };
const byIpvsadm = `--mcast-interface ${LINK} --syncid 255 --sync-maxlen 1100 --mcast-port 9000 --mcast-ttl 3`;

describe.each(roles)('a %s', (role) => {
  const configs: readonly {
    readonly config: Omit<SyncDaemonConfig, 'role'>;
    readonly options: string;
    readonly expected: object;
  }[] = [
    {
      config: { interface: LINK },
      options: `--mcast-interface ${LINK}`,
      expected: { syncId: 0, group: '224.0.0.81', port: 8848, ttl: 1 },
    },
    { config: full, options: byIpvsadm, expected: full },
    {
      config: { ...full, group: '239.1.2.3' },
      options: `${byIpvsadm} --mcast-group 239.1.2.3`,
      expected: { ...full, group: '239.1.2.3' },
    },
    {
      config: { ...full, group: 'ff02::1:2' },
      options: `${byIpvsadm} --mcast-group ff02::1:2`,
      expected: { ...full, group: 'ff02::1:2' },
    },
  ];

  test.each(configs)(
    'with $config runs as if ipvsadm had started it',
    async ({ config, options, expected }) => {
      const { ipvs, namespace } = fixture;
      expect(await ipvs.startSyncDaemon({ role, ...config })).toBeUndefined();
      const own = await ipvs.listSyncDaemons();
      expect(own).toMatchObject([{ role, interface: LINK, ...expected }]);
      expect(listing()).toEqual(own.map(ipvsadmDaemon));

      expect(await ipvs.stopSyncDaemon(role)).toBe(true);
      expect(await ipvs.listSyncDaemons()).toEqual([]);
      expect(listing()).toEqual([]);
      namespace.ipvsadm('--start-daemon', role, ...options.split(' '));
      expect(await ipvs.listSyncDaemons()).toEqual(own);
    },
  );

  test('that runs is not started again', async () => {
    await fixture.ipvs.startSyncDaemon({ role, interface: LINK, syncId: 1 });
    await expect(fixture.ipvs.startSyncDaemon({ role, interface: LINK })).rejects.toMatchObject({
      code: 'EEXIST',
      syscall: 'IPVS_CMD_NEW_DAEMON',
      operation: 'startSyncDaemon',
      target: `${role} daemon`,
      message: expect.stringMatching(/running already: stop it first/),
    });
    expect(await fixture.ipvs.listSyncDaemons()).toMatchObject([{ syncId: 1 }]);
  });

  test('that does not run is not stopped', async () => {
    await expect(fixture.ipvs.stopSyncDaemon(role)).rejects.toMatchObject({
      code: 'ESRCH',
      syscall: 'IPVS_CMD_DEL_DAEMON',
      operation: 'stopSyncDaemon',
      target: `${role} daemon`,
      message: expect.stringMatching(/no daemon of that role is running/),
    });
    expect(await fixture.ipvs.stopSyncDaemon(role, { ifRunning: true })).toBe(false);
  });

  test('is refused if its link is missing', async () => {
    const started = fixture.ipvs.startSyncDaemon({ role, interface: 'no-such-link' });
    await expect(started).rejects.toMatchObject({
      code: 'ENODEV',
      message: expect.stringMatching(/there is no link no-such-link in/),
    });
  });

  test('is refused beside destinations of another family', async () => {
    const service = { fwmark: 7 };
    await fixture.ipvs.addService(service);
    await fixture.ipvs.addDestination(service, { address: 'fd00::1', forwarding: 'tunnel' });
    const started = fixture.ipvs.startSyncDaemon({ role, interface: LINK });
    await expect(started).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/another address family than its service/),
    });
    await fixture.ipvs.flush();
    await fixture.ipvs.startSyncDaemon({ role, interface: LINK });
  });

  test('that is stopped as soon as it starts is stopped', async () => {
    // The kernel may leave out its answer then.
    for (let round = 0; round < 20; round++) {
      const answers = Promise.all([
        fixture.ipvs.startSyncDaemon({ role, interface: LINK }),
        fixture.ipvs.stopSyncDaemon(role),
        fixture.ipvs.listSyncDaemons(),
      ]);
      expect(await answers).toEqual([undefined, true, []]);
    }
  });
});

/** Starts a daemon on a fresh link, which `prepare` sets up. */
const startOn = (link: string, role: 'master' | 'backup', config: object, ...prepare: string[]) => {
  fixture.namespace.ip('link', 'add', link, 'type', 'dummy');
  for (const command of prepare) fixture.namespace.ip(...command.split(' '));
  return fixture.ipvs.startSyncDaemon({ role, interface: link, ...config });
};
const IPV6 = { group: 'ff02::81' };

test.each([
  { family: 'IPv4', config: {} },
  { family: 'IPv6', config: IPV6 },
])('a master of $family needs a link that is up, a backup does not', async ({ family, config }) => {
  const link = `down${family}`;
  await expect(startOn(link, 'master', config)).rejects.toMatchObject({
    code: 'ENETUNREACH',
    errno: -101,
    syscall: 'IPVS_CMD_NEW_DAEMON',
    operation: 'startSyncDaemon',
    target: 'master daemon',
    message: expect.stringMatching(/no route to the multicast group/),
  });
  expect(await startOn(`${link}b`, 'backup', {})).toBeUndefined();
});

describe('a master needs an address to send from', () => {
  const refusal = {
    code: 'EADDRNOTAVAIL',
    errno: -99,
    syscall: 'IPVS_CMD_NEW_DAEMON',
    operation: 'startSyncDaemon',
    target: 'master daemon',
    message: expect.stringMatching(/link (bare|lost) has no address to send from/),
  };

  test('is refused if its link has no IPv6 address', async () => {
    const started = startOn(
      'bare',
      'master',
      IPV6,
      'link set bare addrgenmode none',
      'link set bare up',
    );
    await expect(started).rejects.toMatchObject(refusal);
    await fixture.ipvs.startSyncDaemon({ role: 'backup', interface: 'bare', ...IPV6 });
    fixture.namespace.ip('address', 'add', 'fe80::1/64', 'dev', 'bare', 'nodad');
    expect(
      await fixture.ipvs.startSyncDaemon({ role: 'master', interface: 'bare', ...IPV6 }),
    ).toBeUndefined();
  });

  test('is refused if the namespace has no IPv4 address', async () => {
    const started = startOn(
      'lost',
      'master',
      {},
      'address add 10.9.8.1/24 dev lost',
      'link set lost up',
      'route del local 10.9.8.1 dev lost table local',
    );
    await expect(started).rejects.toMatchObject(refusal);
    expect(await fixture.ipvs.listSyncDaemons()).toEqual([]);
  });
});

describe('the interface of a daemon is named by the bytes of its link', () => {
  const printed = (bytes: string) => fixture.namespace.run('printf', [bytes]);

  test.each([
    { bytes: 'brücke', name: 'brücke' },
    { bytes: '\\377\\376', name: '\\xff\\xfe' },
    { bytes: 'a\\033b', name: 'a\\x1bb' },
  ])(
    'the name $name starts the daemon, and the listed daemon can be started again',
    async ({ bytes, name }) => {
      const { ipvs, namespace } = fixture;
      namespace.run('sh', ['-c', `ip link add name "$(printf '${bytes}')" type dummy`]);
      const links = await ipvs.links.listLinks({ kind: 'dummy' });
      expect(links.map((link) => link.name)).toContain(name);

      await ipvs.startSyncDaemon({ role: 'backup', interface: name });
      const [daemon] = await ipvs.listSyncDaemons();
      expect(daemon?.interface).toBe(name);
      expect(namespace.ipvsadm('-L', '--daemon')).toContain(`mcast=${printed(bytes)},`);

      await ipvs.stopSyncDaemon('backup');
      await ipvs.startSyncDaemon(daemon ?? expect.unreachable());
      expect(await ipvs.listSyncDaemons()).toEqual([daemon]);
    },
  );

  test('an alternative name is accepted, also with a percent sign', async () => {
    const { ipvs, namespace } = fixture;
    namespace.ip('link', 'property', 'add', 'dev', LINK, 'altname', 'peers%d');
    await ipvs.startSyncDaemon({ role: 'backup', interface: 'peers%d' });
    expect(await ipvs.listSyncDaemons()).toMatchObject([{ interface: 'peers%d' }]);
    expect(namespace.ipvsadm('-L', '--daemon')).toContain('mcast=peers%d,');
  });
});

test('a master and a backup run at once', async () => {
  const both = roles.map((role, index) =>
    fixture.ipvs.startSyncDaemon({ role, interface: LINK, syncId: 1 + index }),
  );
  await Promise.all(both);
  const listed = await fixture.ipvs.listSyncDaemons();
  expect(listed).toMatchObject([
    { role: 'master', syncId: 1 },
    { role: 'backup', syncId: 2 },
  ]);
  expect(await fixture.ipvs.stopSyncDaemon('master')).toBe(true);
  expect(await fixture.ipvs.listSyncDaemons()).toEqual(listed.slice(1));
});
