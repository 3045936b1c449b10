// Node.js that may do less: its option --permission.
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

describe.each(NODE_VERSIONS)('Node.js %s', (version) => {
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

  test('without any right, opening and the diagnosis name the flags', () => {
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

  test('without addons, that flag is named alone', () => {
    const found = look(['--allow-fs-read=*']);
    expect(found.open.code).toBe('ERR_IPVS_NO_ADDON');
    expect(flagsIn(found.open)).toEqual(['--allow-addons']);
    expect(check(found, 'addon')?.status).toBe('missing');
  });

  test('with addons and few files, the file is named', () => {
    expect(flagsIn(look(['--allow-addons']).open)).toEqual([LIBC]);
  });

  test('with the flags that the error names, it works', () => {
    const found = look(flagsIn(look([]).open));
    expect(found.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
    expect(found.open.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT|ERR_IPVS_UNAVAILABLE)$/);
    expect(check(found, 'addon')).toBeUndefined();
  });

  test('loadModules names the flag for child processes, with which it runs modprobe', () => {
    const { loadModules } = look(['--allow-fs-read=*']);
    expect(loadModules).toMatchObject({ name: 'IpvsError', code: 'ERR_ACCESS_DENIED' });
    expect(flagsIn(loadModules)).toEqual(['--allow-child-process']);
    for (const more of [[], ['--allow-fs-read=*']]) {
      const found = look(['--allow-child-process', ...more]);
      expect(found.loadModules.code).toBe('ERR_IPVS_MODULE');
    }
  });

  test('a worker says the same', () => {
    const flags = ['--allow-worker', '--allow-addons', LIBC];
    const found = look(flags, 'worker');
    expect(found.links.code).toMatch(/^(done|EPERM|EPROTONOSUPPORT)$/);
    const without = look(['--allow-worker'], 'worker');
    expect(without.open.code).toBe('ERR_IPVS_NO_ADDON');
    expect(flagsIn(without.open)).toContain('--allow-addons');
  });
});
