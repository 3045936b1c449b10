// The privileges that each call needs, as docs/containers.md states them.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isOwnKernel } from './helpers/modules.js';
import { Namespace, run } from './helpers/namespace.js';
import { programPath } from './helpers/programs.js';

const SCHEDULER = 'nq';
const MODULE = 'ip_vs_ovf';

const has = (module: string) => readFileSync('/proc/modules', 'utf8').includes(`${module} `);

function unload(...modules: string[]): void {
  const loaded = modules.filter(has);
  if (isOwnKernel && loaded.length > 0) run('rmmod', loaded);
}

const rights = (...kept: string[]) => {
  const set = ['-all', ...kept.map((capability) => `+${capability}`)].join(',');
  return [`--bounding-set=${set}`, `--inh-caps=${set}`];
};
/** Root, with these capabilities alone. */
const root = (...kept: string[]) => ['setpriv', ...rights(...kept)];
/** Another user, with these capabilities alone. */
const nobody = (...kept: string[]) => {
  const [bounding = '', inheritable = ''] = rights(...kept);
  const ambient = inheritable.replace('--inh', '--ambient');
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  return ['setpriv', ...user, bounding, inheritable, ambient];
};
const READ_ONLY =
  'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';

const all = {
  open: 'done',
  otherNamespace: 'done',
  newNamespace: 'done',
  loadModules: 'done',
  change: 'done',
  list: 'done',
  connections: 'done',
  totals: 'done',
  status: 'done',
  readParameters: 'done',
  writeParameters: 'done',
};
const noModules = { loadModules: isOwnKernel ? 'ERR_IPVS_MODULE' : expect.any(String) };
const noNamespace = { otherNamespace: 'EPERM', newNamespace: 'EPERM' };
const nothing = { open: 'EPERM', ...noNamespace, ...noModules };

test.each([
  { rights: 'root', under: [], expected: all },
  { rights: 'root that may gain no rights', under: ['setpriv', '--no-new-privs'], expected: all },
  { rights: 'no capability', under: root(), expected: nothing },
  {
    rights: 'CAP_NET_ADMIN',
    under: root('net_admin'),
    expected: { ...all, ...noNamespace, ...noModules },
  },
  {
    rights: 'CAP_NET_ADMIN, CAP_SYS_ADMIN',
    under: root('net_admin', 'sys_admin'),
    expected: { ...all, ...noModules },
  },
  {
    rights: 'CAP_NET_ADMIN, CAP_SYS_MODULE',
    under: root('net_admin', 'sys_module'),
    expected: { ...all, ...noNamespace },
  },
  {
    rights: 'another user with CAP_NET_ADMIN',
    under: nobody('net_admin'),
    expected: {
      ...all,
      ...noNamespace,
      ...noModules,
      status: expect.stringMatching(/^(done|EACCES)$/),
    },
  },
  {
    rights: 'root of another user namespace',
    under: ['unshare', '--user', '--map-root-user'],
    expected: { ...nothing, newNamespace: 'done' },
  },
  {
    rights: '/proc/sys read-only',
    under: ['unshare', '--mount', 'sh', '-c', READ_ONLY, 'sh'],
    expected: { ...all, writeParameters: 'EROFS' },
  },
])('exactly the documented calls succeed with $rights', ({ under, expected }) => {
  const [own, other] = [new Namespace(), new Namespace()];
  try {
    unload(`ip_vs_${SCHEDULER}`, MODULE);
    const command = [
      ...under,
      process.execPath,
      programPath('rights.mjs'),
      other.path,
      SCHEDULER,
      MODULE,
    ];
    const [first = '', ...rest] = command;
    expect(JSON.parse(own.run(first, rest))).toEqual(expected);
  } finally {
    own.delete();
    other.delete();
  }
});

test('the kernel loads the module of a scheduler for processes that may not load modules', () => {
  const own = new Namespace();
  unload(`ip_vs_${SCHEDULER}`);
  const [first = '', ...rest] = root('net_admin');
  own.run(first, [
    ...rest,
    process.execPath,
    programPath('rights.mjs'),
    own.path,
    SCHEDULER,
    MODULE,
  ]);
  expect(own.saved()).toEqual([`-A -f 1 -s ${SCHEDULER}`]);
  own.delete();
});

test('links can be created in a user namespace that cannot use IPVS', () => {
  const make = 'ip link add made type dummy && ip address add 10.96.0.1/32 dev made';
  const show = 'ip -oneline address show dev made';
  const userNamespace = ['--user', '--map-root-user', '--net'];
  expect(run('unshare', [...userNamespace, 'sh', '-c', `${make} && ${show}`])).toContain(
    '10.96.0.1/32',
  );
});
