import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type LinkEvent, Links, type LinkWatcher } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { countSockets } from './helpers/descriptors.js';
import { run } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { programPath } from './helpers/programs.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(async () => {
  for (const { name } of await fixture.ipvs.links.listLinks({ kind: 'dummy' })) {
    await fixture.ipvs.links.deleteLink(name);
  }
});

const ipv4 = (event: LinkEvent) => event.type !== 'address' || event.address.family === 'ipv4';

/** The next events that `wanted` lets through. */
async function take(watcher: LinkWatcher, count: number, wanted = ipv4): Promise<LinkEvent[]> {
  const events: LinkEvent[] = [];
  while (events.length < count) {
    const { value } = await watcher.next();
    if (value === undefined) throw new Error('the watching has ended');
    if (wanted(value)) events.push(value);
  }
  return events;
}

describe('link events', () => {
  test('report the changes of the same handle in order', async () => {
    const { links } = fixture.ipvs;
    await using watcher = links.watch();
    await links.ensureDummy('vip0', { mtu: 1400 });
    await links.addAddress('vip0', '10.96.0.1/32');
    await links.deleteAddress('vip0', '10.96.0.1/32');
    await links.deleteLink('vip0');
    const events = await take(watcher, 5);
    expect(events).toMatchObject([
      {
        type: 'link',
        action: 'changed',
        link: { name: 'vip0', kind: 'dummy', up: true, mtu: 1400 },
      },
      {
        type: 'address',
        action: 'changed',
        address: { address: '10.96.0.1', prefixLength: 32, family: 'ipv4' },
      },
      { type: 'address', action: 'deleted', address: { address: '10.96.0.1' } },
      { type: 'link', action: 'changed', link: { name: 'vip0', up: false } },
      { type: 'link', action: 'deleted', link: { name: 'vip0' } },
    ]);
  });

  test('report the changes of other programs, also of IPv6', async () => {
    await using watcher = fixture.ipvs.links.watch({ types: ['address'] });
    fixture.namespace.ip('link', 'add', 'vip0', 'type', 'dummy');
    fixture.namespace.ip('addr', 'add', 'fd00::1/128', 'dev', 'vip0', 'nodad');
    fixture.namespace.ip('addr', 'add', '10.0.0.1/24', 'brd', '+', 'dev', 'vip0');
    const events = await take(watcher, 2, () => true);
    expect(events).toMatchObject([
      { type: 'address', address: { address: 'fd00::1', prefixLength: 128, family: 'ipv6' } },
      {
        type: 'address',
        address: { address: '10.0.0.1', prefixLength: 24, broadcast: '10.0.0.255' },
      },
    ]);
  });

  test('report a link that leaves its bridge as changed', async () => {
    const { links } = fixture.ipvs;
    fixture.namespace.ip('link', 'add', 'bridge0', 'type', 'bridge');
    await links.ensureDummy('vip0');
    await using watcher = links.watch({ types: ['link'] });
    fixture.namespace.ip('link', 'set', 'vip0', 'master', 'bridge0');
    fixture.namespace.ip('link', 'set', 'vip0', 'nomaster');
    fixture.namespace.ip('link', 'delete', 'bridge0');
    const seen: string[] = [];
    for await (const event of watcher) {
      if (event.type !== 'link') continue;
      seen.push(`${event.link.name} ${event.action}`);
      // Each event of a link says of what kind it is.
      expect(event.link.kind).toBe(event.link.name === 'vip0' ? 'dummy' : 'bridge');
      if (seen.at(-1) === 'bridge0 deleted') break;
    }
    expect(seen).toContain('vip0 changed');
    expect(seen).not.toContain('vip0 deleted');
    expect(await links.getLink('vip0')).toMatchObject({ kind: 'dummy' });
  });

  test('are limited to the requested types', async () => {
    const { links } = fixture.ipvs;
    await using watcher = links.watch({ types: ['link'] });
    await links.ensureDummy('vip0');
    await links.addAddress('vip0', '10.96.0.1');
    await links.deleteLink('vip0');
    const events = await take(watcher, 3, () => true);
    expect(events.map(({ type }) => type)).toEqual(['link', 'link', 'link']);
  });

  test('reach each of several watchers', async () => {
    const { links } = fixture.ipvs;
    await using first = links.watch({ types: ['link'] });
    await using second = links.watch({ types: ['link'] });
    const waiting = Promise.all([take(first, 1), take(second, 1)]);
    await links.ensureDummy('vip0');
    expect(await waiting).toMatchObject([[{ type: 'link' }], [{ type: 'link' }]]);
  });

  test('from before an overrun are dropped, and none is lost after it', async () => {
    const { links } = fixture.ipvs;
    await links.ensureDummy('vip0');
    await using watcher = links.watch({ types: ['link'] });
    for (const mtu of [1400, 1500]) {
      // Each is some kilobyte, and the socket holds two megabytes.
      for (let round = 0; round < 8; round++) {
        await Promise.all(
          Array.from({ length: 1000 }, (_, each) =>
            links.setLink('vip0', { mtu: 1300 + (each % 2), up: true }),
          ),
        );
      }
      expect(await watcher.next()).toEqual({ value: { type: 'overrun' }, done: false });
      for (let change = 0; change < 20; change++) {
        await links.setLink('vip0', { mtu: mtu + change });
      }
      const later = await take(watcher, 20);
      expect(later.map((event) => event.type === 'link' && event.link.mtu)).toEqual(
        Array.from({ length: 20 }, (_, change) => mtu + change),
      );
    }
  });
});

describe('a watcher ends', () => {
  test('when the loop is left, and leaves nothing open', async () => {
    const { links } = fixture.ipvs;
    const before = countSockets();
    for (let round = 0; round < 20; round++) {
      const watcher = links.watch({ types: ['link'] });
      const made = links.ensureDummy('vip0', { mtu: 1300 + round });
      for await (const event of watcher) {
        expect(event.type).toBe('link');
        break;
      }
      await made;
      expect(await watcher.next()).toEqual({ value: undefined, done: true });
    }
    expect(countSockets()).toBe(before);
  });

  test('when its signal is aborted', async () => {
    const stop = new AbortController();
    const watcher = fixture.ipvs.links.watch({ signal: stop.signal });
    const waiting = watcher.next();
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(await watcher.next()).toEqual({ value: undefined, done: true });
    const late = fixture.ipvs.links.watch({ signal: stop.signal });
    await expect(late.next()).rejects.toThrow('enough');
    expect(await late.next()).toEqual({ value: undefined, done: true });
  });

  test('when the handle is closed', async () => {
    const links = await Links.open({ netns: fixture.namespace.path });
    const watcher = links.watch();
    const waiting = [watcher.next(), watcher.next()];
    await links.close();
    expect(await Promise.all(waiting)).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    expect(() => links.watch()).toThrow(expect.objectContaining({ code: 'ERR_IPVS_CLOSED' }));
    // Twice harms nothing.
    await watcher.return();
    watcher.ref().unref();
  });

  test('with its worker at any moment, without a crash, and leaves nothing open', async () => {
    const before = countSockets();
    for (let round = 0; round < 12; round++) {
      const workerData = { netns: fixture.namespace.path, name: `w${round}` };
      const worker = new Worker(programPath('watch.mjs'), { workerData });
      expect(await once(worker, 'message')).toEqual(['link']);
      await sleep(Math.random() * 20);
      await worker.terminate();
    }
    await until(countSockets, (count) => count <= before);
  });
});

describe('a process that only watches', () => {
  const start = (...args: string[]) =>
    spawn(process.execPath, [programPath('watch.mjs'), fixture.namespace.path, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  test('ends by itself', async () => {
    expect(await once(start(), 'exit')).toEqual([0, null]);
  });

  test('stays alive after ref()', async () => {
    const child = start('ref');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const exit = once(child, 'exit');
    await until(
      () => output,
      (text) => text === 'watching\n',
    );
    await sleep(300); // which it would not have lasted otherwise
    expect(child.exitCode).toBe(null);
    fixture.namespace.ip('link', 'add', 'vip0', 'type', 'dummy');
    expect(await exit).toEqual([0, null]);
    expect(output).toBe('watching\nvip0\n');
  });
});

test('abandoned watchers are collected with their threads, descriptors and listeners', async () => {
  await fixture.ipvs.links.ensureDummy('vip0');
  const watchers = 30;
  const child = spawn(
    process.execPath,
    ['--expose-gc', programPath('abandon.mjs'), fixture.namespace.path, String(watchers)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  const { before, open, after, warnings, seen } = JSON.parse(output);
  expect(open.threads).toBe(before.threads + watchers);
  expect(open.descriptors).toBeGreaterThanOrEqual(before.descriptors + 2 * watchers);
  expect(after).toEqual(before);
  expect(warnings).toEqual([]);
  expect(seen).toBe(1234);
});

test('threads that wait for events stay in the network namespace of the process', async () => {
  await using _watcher = fixture.ipvs.links.watch();
  const own = run('readlink', ['/proc/self/ns/net']).trim();
  const tasks = run('sh', ['-c', `readlink /proc/${process.pid}/task/*/ns/net`]);
  expect(new Set(tasks.trim().split('\n'))).toEqual(new Set([own]));
});
