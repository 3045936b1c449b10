// The package under --permission of Node.js, with which a process may do less.
import type { Check } from 'ipvs';
import { beforeAll, describe, expect, test } from 'vitest';
import { installed, NODE_VERSIONS, node, output } from './consumer.js';

interface Outcome {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}
interface Found {
  readonly open: Outcome;
  readonly links: Outcome;
  readonly loadModules: Outcome;
  readonly checks: readonly Check[];
}

let cwd: string;
beforeAll(() => {
  cwd = installed();
});

describe.each(NODE_VERSIONS)('Node.js %s with --permission', (version) => {
  const flag = version === '20' ? '--experimental-permission' : '--permission';
  const look = (flags: readonly string[], ...args: string[]): Found => {
    const read = `--allow-fs-read=${cwd}/*`;
    const all = [flag, read, '--no-warnings', ...flags, 'permission.mjs', ...args];
    return JSON.parse(output(node(version), all, { cwd }));
  };
  /** The flags that an error names, to be added as they are. */
  const flagsIn = ({ message }: Outcome) => message.match(/--allow-\S+/g) ?? [];
  const check = ({ checks }: Found, name: string) => checks.find((each) => each.name === name);
  const LIBC = '--allow-fs-read=/etc/alpine-release';

  test('names the missing flags in the error of open() and in the diagnosis', () => {
    const found = look([]);
    for (const outcome of [found.open, found.links]) {
      expect(outcome).toMatchObject({ name: 'IpvsError', code: 'ERR_IPVS_NO_ADDON' });
      expect(outcome.message).toMatch(/--permission/);
      expect(outcome.message).not.toMatch(/npm/);
      expect(flagsIn(outcome)).toEqual([LIBC, '--allow-addons']);
    }
    expect(check(found, 'addon')).toMatchObject({
      status: 'missing',
      detail: found.open.message,
      remedy: null,
    });
  });

  test('names only --allow-addons if that is missing', () => {
    const found = look(['--allow-fs-read=*']);
    expect(found.open.code).toBe('ERR_IPVS_NO_ADDON');
    expect(flagsIn(found.open)).toEqual(['--allow-addons']);
    expect(check(found, 'addon')?.status).toBe('missing');
  });

  test('names the file that it may not read', () => {
    expect(flagsIn(look(['--allow-addons']).open)).toEqual([LIBC]);
  });

  test('works with the flags that the error names', () => {
    const found = look(flagsIn(look([]).open));
    expect(found.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
    expect(found.open.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT|ERR_IPVS_UNAVAILABLE)$/);
    expect(check(found, 'addon')).toBeUndefined();
  });

  test('names the flags for /proc and modules in the diagnosis, and no I/O errors', () => {
    const flags = flagsIn(look([]).open);
    const flagsOf = ({ checks }: Found) => [
      ...new Set(checks.flatMap(({ detail }) => detail.match(/--allow-[^\s,]+/g) ?? [])),
    ];
    const found = look(flags);
    const missing = flagsOf(found);
    expect(missing).toContain('--allow-fs-read=/lib/modules');
    // A handle that is open reads the parameters without a flag.
    const unread = found.checks.filter(({ detail }) => detail.includes('may not read /proc'));
    expect(unread).toHaveLength(found.open.code === 'done' ? 0 : 9);
    for (const { detail } of found.checks) expect(detail).not.toMatch(/EIO/);
    expect(flagsOf(look([...flags, ...missing]))).toEqual([]);
  });

  test('names the flag for child processes in the error of loadModules()', () => {
    const { loadModules } = look(['--allow-fs-read=*']);
    expect(loadModules).toMatchObject({ name: 'IpvsError', code: 'ERR_ACCESS_DENIED' });
    expect(flagsIn(loadModules)).toEqual(['--allow-child-process']);
    for (const more of [[], ['--allow-fs-read=*']]) {
      const found = look(['--allow-child-process', ...more]);
      expect(found.loadModules.code).toBe('ERR_IPVS_MODULE');
    }
  });

  test('names the same flags in a worker thread', () => {
    const flags = ['--allow-worker', '--allow-addons', LIBC];
    const found = look(flags, 'worker');
    expect(found.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
    const without = look(['--allow-worker'], 'worker');
    expect(without.open.code).toBe('ERR_IPVS_NO_ADDON');
    expect(flagsIn(without.open)).toContain('--allow-addons');
  });
});
