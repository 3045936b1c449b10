import { type LinkEvent, Links } from 'ipvs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addressesOn } from './helpers/iproute.js';
import { useNamespace } from './helpers/use-namespace.js';

// Alternative names decide the size of a link. The root of a container can add them, and the agent of
// the host reads them.

const fixture = useNamespace();
let links: Links;

beforeAll(async () => {
  links = await Links.open({ netns: fixture.namespace.path });
});
afterAll(() => links?.close());
afterEach(async () => {
  for (const { name } of await links.listLinks({ kind: 'dummy' })) await links.deleteLink(name);
});

/** An alternative name of 120 characters, which takes 128 bytes of each message. */
const alternative = (link: string, number: number) => `${link}-${number}-`.padEnd(120, 'x');

/** Gives a link as many alternative names; the kernel allows them 64 KiB. */
function rename(link: string, count: number): void {
  const lines = Array.from({ length: count }, (_, number) => alternative(link, number)).map(
    (name) => `link property add dev ${link} altname ${name}\n`,
  );
  fixture.namespace.run('ip', ['-batch', '-'], lines.join(''));
}

/** The next event of a link; fails on an overrun. */
async function nextLink(watcher: AsyncIterable<LinkEvent>, mtu: number): Promise<string> {
  for await (const event of watcher) {
    if (event.type === 'overrun') throw new Error('an event was lost');
    if (event.type === 'link' && event.link.mtu === mtu) return event.link.name;
  }
  throw new Error('the watching has ended');
}

describe.each([
  { size: 'more than 8 KiB', count: 70 },
  { size: 'more than 32 KiB', count: 300 },
  { size: 'as much as the kernel allows', count: 496 },
])('a link whose alternative names take $size', ({ count }) => {
  test('is listed and read, and so are other links', async () => {
    await links.ensureDummy('big0');
    await links.ensureDummy('vip0');
    rename('big0', count);
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort();
    expect(names(await links.listLinks())).toEqual(['big0', 'lo', 'vip0']);
    expect(names(links.sync.listLinks({ kind: 'dummy' }))).toEqual(['big0', 'vip0']);
    expect(await links.getLink('big0')).toMatchObject({ name: 'big0', kind: 'dummy' });
    expect(links.sync.getLink('vip0')).toMatchObject({ name: 'vip0' });
  });

  test('is ensured, changed and given addresses', async () => {
    await links.ensureDummy('big0', { mtu: 1400 });
    rename('big0', count);
    await links.ensureDummy('big0', { mtu: 1500 });
    await links.setLink('big0', { mtu: 1450 });
    await links.addAddress('big0', '10.96.0.1');
    await links.ensureAddress('big0', 'fd00::1');
    await links.reconcileAddresses('big0', ['10.96.0.2', 'fd00::2']);
    await links.deleteAddress('big0', '10.96.0.1');
    expect(addressesOn(fixture.namespace, 'big0')).toEqual([
      '10.96.0.2/32',
      'fd00::1/128',
      'fd00::2/128',
    ]);
    const listed = await links.listAddresses();
    expect(listed.filter(({ link }) => link === 'big0')).toHaveLength(4); // and the link-local one
    expect(await links.getLink('big0')).toMatchObject({ mtu: 1450 });
    expect(await links.deleteLink('big0')).toBe(true);
  });

  test('is reported by its events', async () => {
    await links.ensureDummy('big0');
    rename('big0', count);
    const watcher = links.watch({ types: ['link'] });
    await links.setLink('big0', { mtu: 1333 });
    expect(await nextLink(watcher, 1333)).toBe('big0');
  });

  test('is read by many concurrent calls', async () => {
    await links.ensureDummy('big0');
    rename('big0', count);
    const found = await Promise.all(Array.from({ length: 600 }, () => links.getLink('big0')));
    expect(found.every((link) => link?.name === 'big0')).toBe(true);
  });
});

test('a link is found by any of its alternative names', async () => {
  await links.ensureDummy('vip0');
  fixture.namespace.ip('link', 'property', 'add', 'dev', 'vip0', 'altname', 'short');
  expect(await links.getLink('short')).toMatchObject({ name: 'vip0' });
});
