// The package in Node.js, Bun and Deno: on a kernel with IPVS, and with restricted rights.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check } from 'ipvs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  installed,
  isVersion,
  LOWEST_NODE_VERSIONS,
  NODE_VERSIONS,
  node,
  onKernel,
  output,
  root,
  runtime,
} from './consumer.js';

let cwd: string;
beforeAll(() => {
  cwd = installed();
});

/** The arguments of Deno with the flags for all operations. */
const DENO = ['run', '--no-prompt', '--allow-env', '--allow-read', '--allow-ffi'];

/** Node.js with the flags for all operations. */
function restricted(version: (typeof NODE_VERSIONS)[number], ...more: string[]): string[] {
  const permission = version === '20' ? '--experimental-permission' : '--permission';
  const reads = [`${cwd}/*`, '/etc/alpine-release'].map((path) => `--allow-fs-read=${path}`);
  return [node(version), permission, '--no-warnings', '--allow-addons', ...reads, ...more];
}

/** The runtimes: the words before a program, and what the program sees as its version. */
const RUNTIMES = [
  ...[...LOWEST_NODE_VERSIONS, ...NODE_VERSIONS].map((version) => ({
    name: `Node.js ${version}`,
    command: () => [node(version)],
    version: isVersion(version),
  })),
  {
    name: 'Node.js 24 with --permission',
    command: () => restricted('24'),
    version: isVersion('24'),
  },
  {
    name: 'Node.js 26 with --permission',
    command: () => restricted('26', '--allow-net'),
    version: isVersion('26'),
  },
  { name: 'Bun', command: () => [runtime('bun')], version: expect.stringMatching(/^v1\./) },
  {
    name: 'Deno',
    command: () => [runtime('deno'), ...DENO, '--allow-net'],
    version: expect.stringMatching(/^v2\./),
  },
];

/** What programs/smoke.mjs prints in every runtime. */
const RESULTS = {
  add: ['192.0.2.2 3'],
  atOnce: [201, 1],
  errors: [
    ...['IpvsError', 'EEXIST', 'tcp://192.0.2.1:80'],
    ...['TypeError', 'ERR_INVALID_ARG_TYPE'],
    "{ protocol: 'tcp', address: '192.0.2.1', port: 'http', scheduler: 'wrr' }",
  ],
  batch: ['fulfilled', 'destination'],
  reconcile: ['+ tcp://192.0.2.1:80 192.0.2.4:80', '- tcp://192.0.2.1:80 192.0.2.2:80'],
  snapshot: ['192.0.2.1 wrr 1'],
  sync: [0],
  links: ['192.0.2.1/32'],
  connections: ['hello', 'tcp 192.0.2.1:80'],
  tracing: [
    ...['start getInfo', 'end getInfo', 'asyncStart getInfo', 'asyncEnd getInfo'],
    ...['start addService', 'end addService', 'error addService'],
    ...['asyncStart addService', 'asyncEnd addService', 'start getInfo', 'end getInfo'],
  ],
  watch: 1,
  sysctls: true,
  metrics: ['ipvs_service_connections_total{service="tcp://192.0.2.1:80"}'],
  rules: '-A -t 192.0.2.1:80 -s rr\n',
  diagnose: ['ok', 'ok'],
  director: 0,
  namespace: [1, 0],
  close: 'ERR_IPVS_CLOSED',
};

// On arm64 there is no kernel to boot for it.
const onX64 = test.runIf(process.arch === 'x64');

onX64('every runtime controls IPVS, with the same results', () => {
  const printed = onKernel(
    RUNTIMES.map(({ command }) => [...command(), 'smoke.mjs']),
    cwd,
  );
  const named = printed.map((found, at) => ({ name: RUNTIMES[at]?.name, found }));
  expect(named).toEqual(
    RUNTIMES.map(({ name, version }) => ({ name, found: { version, results: RESULTS } })),
  );
});

/** What programs/permission.mjs prints. */
interface Attempt {
  readonly code: string;
  readonly message: string;
}
interface Attempts {
  readonly open: Attempt;
  readonly links: Attempt;
  readonly loadModules: Attempt;
  readonly checks: readonly Check[];
}

const document = readFileSync(join(root, 'docs/runtimes.md'), 'utf8');

onX64('Node.js needs the flags of docs/runtimes.md under --permission, and no others', () => {
  const modules = ['/lib/modules', '/sys/module', '/proc/sys/kernel'];
  const reads = modules.map((path) => `--allow-fs-read=${path}/*`);
  for (const word of ['--allow-addons', '--allow-child-process', ...modules]) {
    expect(document).toContain(word);
  }
  // The oldest permissions and the newest.
  const rows = (['20', '26'] as const).flatMap((version) => [
    { version, flags: [], dummy: 'unknown', loadModules: 'ERR_ACCESS_DENIED' },
    { version, flags: reads, dummy: 'ok', loadModules: 'ERR_ACCESS_DENIED' },
    { version, flags: ['--allow-child-process'], dummy: 'unknown', loadModules: 'ERR_IPVS_MODULE' },
  ]);
  const printed = onKernel(
    rows.map(({ version, flags }) => [...restricted(version, ...flags), 'permission.mjs']),
    cwd,
  ) as Attempts[];
  const found = printed.map(({ open, links, loadModules, checks }, at) => ({
    ...rows[at],
    opened: [open.code, links.code],
    dummy: checks.find(({ name }) => name === 'dummy')?.status,
    loadModules: loadModules.code,
  }));
  expect(found).toEqual(rows.map((row) => ({ ...row, opened: ['done', 'done'] })));
});

describe('Deno without permissions', () => {
  const attempt = (...flags: string[]): Attempts =>
    JSON.parse(
      output(runtime('deno'), ['run', '--no-prompt', ...flags, 'permission.mjs'], { cwd }),
    );
  const flagsIn = ({ message }: Attempt) => message.match(/--allow-[a-z]+(?!.*\))/g) ?? [];

  test('is told the flags that open() needs, and needs no others', () => {
    const { open, links, checks } = attempt('--allow-env=PATH');
    expect([open.code, links.code]).toEqual(['ERR_IPVS_NO_ADDON', 'ERR_IPVS_NO_ADDON']);
    expect(open.message).toContain('Deno refuses it');
    expect(flagsIn(open)).toEqual(['--allow-env', '--allow-read', '--allow-ffi']);
    expect(document).toContain(flagsIn(open).join(' '));
    expect(checks.find(({ name }) => name === 'addon')?.status).toBe('missing');
    const allowed = attempt(...flagsIn(open));
    expect(allowed.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
    expect(allowed.open.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT|ERR_IPVS_UNAVAILABLE)$/);
  });

  test('is told the flag that loadModules() needs', () => {
    const { loadModules } = attempt('--allow-env', '--allow-read');
    expect(loadModules.code).toBe('ERR_ACCESS_DENIED');
    expect(flagsIn(loadModules)).toEqual(['--allow-run']);
    for (const flags of [[], ['--allow-env=PATH', '--allow-read']]) {
      const { loadModules: first } = attempt(...flags);
      expect([first.code, flagsIn(first)]).toEqual(['ERR_ACCESS_DENIED', ['--allow-env']]);
    }
    const allowed = attempt('--allow-env', '--allow-read', '--allow-run');
    expect(allowed.loadModules.code).toBe('ERR_IPVS_MODULE');
  });
});

test.each([
  { name: 'Bun', command: () => [runtime('bun')] },
  { name: 'Deno', command: () => [runtime('deno'), ...DENO] },
])('$name opens handles in worker threads', ({ command }) => {
  const [program = '', ...args] = command();
  const found: Attempts = JSON.parse(
    output(program, [...args, 'permission.mjs', 'worker'], { cwd }),
  );
  expect(found.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
});
