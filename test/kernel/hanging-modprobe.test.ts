// While the modprobe of the kernel hangs, only operations that need it wait, and only for a limited
// time.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Ipvs } from 'ipvs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isOwnKernel, unloadModules } from './helpers/modules.js';
import { Namespace, run } from './helpers/namespace.js';
import { until } from './helpers/poll.js';

const MODPROBE = '/proc/sys/kernel/modprobe';
/** Milliseconds that the library waits for the kernel to load a module. */
const MODPROBE_LIMIT = 5000;
const service = { protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler: 'rr' } as const;
const absent = { ...service, port: 81, scheduler: 'no-such-one' };
const late = {
  name: 'IpvsError',
  code: 'ETIMEDOUT',
  message: expect.stringMatching(/did not answer in time: it may be loading a module/),
};

describe.runIf(isOwnKernel)('while modprobe hangs', () => {
  let namespace: Namespace;
  let other: Namespace;
  let folder: string;
  let before: string;
  /** modprobe runs as long as this file exists. */
  const hang = () => writeFileSync(`${folder}/hang`, '');
  const release = () => rmSync(`${folder}/hang`, { force: true });
  const runs = () => (existsSync(`${folder}/log`) ? readFileSync(`${folder}/log`, 'utf8') : '');
  const ended = () => runs().split('end').length === runs().split('begin').length;

  beforeAll(() => {
    namespace = new Namespace();
    other = new Namespace();
    folder = mkdtempSync('/run/ipvs-');
    before = readFileSync(MODPROBE, 'utf8');
    const script = [
      '#!/bin/sh',
      `echo begin "$*" >> ${folder}/log`,
      `while [ -e ${folder}/hang ]; do sleep 0.1; done`,
      `echo end >> ${folder}/log`,
      `exec ${before.trim()} "$@"`,
    ];
    writeFileSync(`${folder}/modprobe`, `${script.join('\n')}\n`);
    chmodSync(`${folder}/modprobe`, 0o755);
    run('modprobe', ['--all', 'ip_vs', 'ip_vs_rr', 'ip_vs_wrr']);
    writeFileSync(MODPROBE, `${folder}/modprobe`);
  });
  beforeEach(() => rmSync(`${folder}/log`, { force: true }));
  afterEach(async () => {
    const ipvs = await free();
    await ipvs.flush();
    await ipvs.close();
  });
  afterAll(async () => {
    writeFileSync(MODPROBE, before);
    namespace.delete();
    other.delete();
    rmSync(folder, { recursive: true });
  });
  const open = () => Ipvs.open({ netns: namespace.path });
  /** Waits for the kernel, which goes on a moment after modprobe has ended. */
  const free = async () => {
    release();
    await until(ended, (over) => over);
    const opened = await until(
      () => open().catch(() => undefined),
      (ipvs) => ipvs !== undefined,
    );
    return opened ?? expect.unreachable();
  };

  /** Repeats a test that failed on a machine so busy that the library stopped waiting by itself. */
  const inTime = async (attempt: () => Promise<void>) => {
    for (let tries = 3; ; tries--) {
      const begin = performance.now();
      try {
        return await attempt();
      } catch (error) {
        if (tries === 1 || performance.now() - begin < MODPROBE_LIMIT) throw error;
        const ipvs = await free();
        await ipvs.flush();
        await ipvs.close();
        rmSync(`${folder}/log`, { force: true });
      }
    }
  };

  test('operations that need the module fail unsent, and other work of the process continues', async () => {
    const [one, two] = [await open(), await open()];
    await one.addService(service);
    hang();
    const adding = expect(one.addService(absent)).rejects.toMatchObject({
      ...late,
      operation: 'addService',
      message: expect.stringMatching(/it was not sent: the kernel did not answer in time/),
    });
    await until(runs, (text) => text.includes('ip_vs_no-such-one'));
    const listing = [one, two].map((ipvs) =>
      expect(ipvs.listServices()).rejects.toMatchObject(late),
    );
    const changing = expect(two.addService({ ...service, port: 82 })).rejects.toMatchObject(late);
    const reading = [one.getStats(), two.sysctls.get(), one.links.listLinks()];
    const files = readFile('/proc/self/stat');
    const closing = [one.close(), two.close()];
    await Promise.all([adding, changing, files, ...listing, ...reading, ...closing]);
    expect(ended()).toBe(false);
    const again = await free();
    // Nothing of all this has happened.
    expect(await again.listServices()).toMatchObject([{ port: 80 }]);
    await expect(again.addService(absent)).rejects.toMatchObject({ code: 'ENOENT' });
    await again.close();
  });

  test('many handles do not block reads of files', async () => {
    const handles = await Promise.all(Array.from({ length: 6 }, open));
    hang();
    const attempts = handles.map((ipvs) =>
      expect(ipvs.addService(absent)).rejects.toMatchObject(late),
    );
    await Promise.all([...attempts, readFile('/proc/self/stat')]);
    expect(ended()).toBe(false);
    await Promise.all(handles.map((ipvs) => ipvs.close()));
    expect(ended()).toBe(false);
    expect(runs().split('begin').length - 1).toBe(1);
  });

  test('only synchronous calls block JavaScript, and these end too', async () => {
    const ipvs = await open();
    hang();
    expect(() => ipvs.sync.addService(absent)).toThrow(/it was not sent/);
    expect(() => ipvs.sync.listServices()).toThrow(/did not answer in time/);
    expect(ended()).toBe(false);
    await ipvs.close();
  });

  test('a request that waits for the kernel does not block calls that need no module', () =>
    inTime(async () => {
      await using ipvs = await open();
      hang();
      let settled = false;
      const adding = expect(ipvs.addService(absent)).rejects.toMatchObject(late);
      void adding.finally(() => {
        settled = true;
      });
      await until(runs, (text) => text.includes('ip_vs_no-such-one'));
      // Both open something in the namespace of the handle, on this thread.
      expect(ipvs.sync.getStats()).toMatchObject({ connections: 0 });
      await ipvs.links.watch().return();
      await new Promise(setImmediate);
      expect(settled).toBe(false);
      await adding;
    }));

  test('a batch sends the operations before the one that waits, and none after it', async () => {
    const ipvs = await open();
    hang();
    const results = await ipvs.batch((batch) => {
      batch.addService(service);
      batch.addService({ ...service, port: 82 });
      batch.addService(absent);
      batch.addService({ ...service, port: 83 });
      batch.listServices();
    });
    expect(ended()).toBe(false);
    const failed = { status: 'rejected', reason: { code: 'ETIMEDOUT' } };
    const done = { status: 'fulfilled' };
    expect(results).toMatchObject([done, done, failed, failed, failed]);
    await ipvs.close();
    const again = await free();
    expect(await again.listServices()).toHaveLength(2);
    await again.close();
  });

  test('an absent scheduler is requested once, after the service was looked up', async () => {
    const ipvs = await open();
    await ipvs.addService(service);
    const results = await ipvs.batch((batch) => {
      batch.addService({ ...service, scheduler: absent.scheduler });
      batch.addService(absent);
      batch.updateService('tcp://10.96.0.1:80', { scheduler: absent.scheduler });
      batch.ensureService({ ...service, scheduler: absent.scheduler });
      batch.ensureService(absent);
      batch.deleteService('tcp://10.96.0.1:80');
      batch.addService({ ...service, scheduler: absent.scheduler });
    });
    const reasons = results.map((result) =>
      result.status === 'rejected' ? result.reason : 'done',
    );
    expect(reasons).toMatchObject([
      { code: 'EEXIST', syscall: 'IPVS_CMD_NEW_SERVICE' },
      { code: 'ENOENT', syscall: 'IPVS_CMD_NEW_SERVICE' },
      { code: 'ENOENT', syscall: 'IPVS_CMD_SET_SERVICE' },
      { code: 'ENOENT', syscall: 'IPVS_CMD_SET_SERVICE' },
      { code: 'ENOENT', syscall: 'IPVS_CMD_NEW_SERVICE' },
      'done',
      { code: 'ENOENT', syscall: 'IPVS_CMD_NEW_SERVICE' },
    ]);
    expect(runs().split('begin').length - 1).toBe(1);
    await ipvs.close();
  });

  test('a batch continues after the refused operation if modprobe ends in time', () =>
    inTime(async () => {
      await using ipvs = await open();
      hang();
      const results = ipvs.batch((batch) => {
        batch.addService(service);
        batch.addService(absent);
        batch.addService({ ...service, port: 82, scheduler: 'wrr' });
      });
      await until(runs, (text) => text.includes('ip_vs_no-such-one'));
      release();
      expect(await results).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'ENOENT' } },
        { status: 'fulfilled' },
      ]);
      await ipvs.flush();
    }));

  test('operations in other network namespaces continue on Linux 7', async (context) => {
    if (Number.parseInt(run('uname', ['-r']), 10) < 7) context.skip('Linux 6 locks all of them');
    const [ipvs, elsewhere] = [await open(), await Ipvs.open({ netns: other.path })];
    hang();
    const adding = expect(ipvs.addService(absent)).rejects.toMatchObject(late);
    await until(runs, (text) => text.includes('ip_vs_no-such-one'));
    await elsewhere.addService(service);
    expect(await elsewhere.listServices()).toHaveLength(1);
    await elsewhere.flush();
    await elsewhere.close();
    expect(ended()).toBe(false);
    await adding;
    await ipvs.close();
  });

  test('a scheduler whose module is loaded in time is used', () =>
    inTime(async () => {
      await using ipvs = await open();
      if (existsSync('/sys/module/ip_vs_sed')) run('rmmod', ['ip_vs_sed']);
      await ipvs.addService({ ...service, scheduler: 'sed' });
      expect(await ipvs.listServices()).toMatchObject([{ scheduler: 'sed' }]);
      expect(runs()).toContain('ip_vs_sed');
      await ipvs.flush();
    }));

  test('opening a handle fails in time if IPVS itself is to be loaded', async () => {
    await unloadModules();
    hang();
    const opening = [open(), open()].map((attempt) =>
      expect(attempt).rejects.toMatchObject({ ...late, operation: 'open' }),
    );
    await Promise.all(opening);
    expect(ended()).toBe(false);
    await (await free()).close();
  });
});
