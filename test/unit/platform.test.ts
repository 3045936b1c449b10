import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** The module as it is where it has not been loaded before. */
async function load() {
  vi.resetModules();
  return import('../../lib/index.js');
}

const NATIVE_PLATFORM = Object.getOwnPropertyDescriptor(process, 'platform');

function pretend(platform: string): void {
  Object.defineProperty(process, 'platform', { ...NATIVE_PLATFORM, value: platform });
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
});

afterEach(() => {
  Object.defineProperty(process, 'platform', NATIVE_PLATFORM ?? expect.unreachable());
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** An error that says what it is about, and with a code that a program can ask for. */
const clear = (code: unknown) =>
  expect.objectContaining({
    name: 'IpvsError',
    code,
    operation: 'open',
    message: expect.stringMatching(/^open.*: \S.{15,}/),
  });

describe.each(['darwin', 'win32', 'freebsd'])('on %s', (platform) => {
  test('the import works, and open() names the reason of its failure', async () => {
    pretend(platform);
    // Whatever the addon is, it must not be looked for.
    vi.stubEnv('IPVS_PREBUILD', folder);
    const { Ipvs, IpvsError } = await load();
    const error: unknown = await Ipvs.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IpvsError);
    expect(error).toEqual(clear('ERR_IPVS_UNSUPPORTED_PLATFORM'));
    expect(error).toMatchObject({
      message: `open: IPVS is part of Linux, and this is ${platform}`,
      errno: 0,
      syscall: '',
    });
  });

  test('open() refuses bad options', async () => {
    pretend(platform);
    const { Ipvs } = await load();
    await expect(Ipvs.open({ netns: '' })).rejects.toThrow(TypeError);
  });
});

describe('without an addon', () => {
  const open = async () => {
    const { Ipvs } = await load();
    const error: unknown = await Ipvs.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    // It is one, or the line above would have thrown.
    return error as Error;
  };

  test('the message says what to do, and the cause which file is missing', async () => {
    vi.stubEnv('IPVS_PREBUILD', folder);
    const error = await open();
    expect(error.message).toContain(`${process.platform}-${process.arch}`);
    expect(error.message).toContain('npx ipvs build-addon');
    expect(error.message).toContain('C++20 compiler');
    expect(error.cause).toBeInstanceOf(Error);
    expect(String(error.cause)).toContain('No native build was found');
  });

  test('a broken addon gets the same advice as a missing one', async () => {
    vi.stubEnv('IPVS_PREBUILD', folder);
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    writeFileSync(join(folder, 'build/Release/ipvs.node'), 'no ELF');
    const error = await open();
    expect(error.message).toContain('npx ipvs build-addon');
    expect(String(error.cause)).toContain('ipvs.node');
  });

  test('the next open() looks for the addon again', async () => {
    const { Ipvs } = await load();
    vi.stubEnv('IPVS_PREBUILD', folder);
    await expect(Ipvs.open()).rejects.toThrow('npx ipvs build-addon');
    vi.unstubAllEnvs();
    const outcome: unknown = await Ipvs.open().then(
      (ipvs) => ipvs.close(),
      (reason: unknown) => reason,
    );
    if (outcome !== undefined) expect(outcome).toEqual(clear(expect.any(String)));
  });
});

test('open() returns a handle on this machine, or a clear error', async () => {
  const { Ipvs, IpvsError } = await load();
  let ipvs: Awaited<ReturnType<typeof Ipvs.open>>;
  try {
    ipvs = await Ipvs.open();
  } catch (error) {
    expect(error).toBeInstanceOf(IpvsError);
    expect(error).toEqual(clear(expect.stringMatching(/^(ERR_IPVS_UNAVAILABLE|EPERM)$/)));
    return;
  }
  expect(await ipvs.getInfo()).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  await ipvs.close();
  await expect(ipvs.getInfo()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED' });
});

test.each([
  ['does not exist', '/nonexistent/netns', 'ENOENT'],
  ['is a plain file', import.meta.filename, /^(EINVAL|EPERM)$/],
  ['is a folder', tmpdir(), /^(EINVAL|EPERM)$/],
])('open() names a namespace that %s', async (_, netns, code) => {
  const { Ipvs } = await load();
  const error: unknown = await Ipvs.open({ netns }).then(
    () => expect.unreachable('a handle was opened'),
    (reason: unknown) => reason,
  );
  expect(error).toEqual(clear(typeof code === 'string' ? code : expect.stringMatching(code)));
  expect(error).toMatchObject({ target: netns, message: expect.stringContaining(netns) });
});

test.each([
  ['nothing', []],
  ['a symbol of the same name', [Symbol('Ipvs')]],
])('the constructor throws if it is called with %s', async (_, args) => {
  const { Ipvs } = await load();
  const make = () => Reflect.construct(Ipvs, args);
  expect(make).toThrow(TypeError);
  expect(make).toThrow('Illegal constructor: use Ipvs.open()');
});
