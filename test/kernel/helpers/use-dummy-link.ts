/**
 * A dummy link for each test.
 * @module
 */
import { Links } from 'ipvs';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { shownAddresses } from './iproute.js';
import { until } from './poll.js';
import type { Namespace } from './use-namespace.js';

/**
 * Makes the link vip0 before each test, and deletes all dummy links after it.
 * @param opened receives access to the links of the namespace
 */
export function useDummyLink(
  fixture: { readonly namespace: Namespace },
  opened: (links: Links) => void,
): void {
  let links: Links | undefined;
  beforeAll(async () => {
    links = await Links.open({ netns: fixture.namespace.path });
    opened(links);
  });
  afterAll(() => links?.close());
  beforeEach(async () => {
    await links?.ensureDummy('vip0');
    // The kernel adds its link-local address later, and first checks it for duplicates.
    await until(
      () => shownAddresses(fixture.namespace).filter(({ link }) => link === 'vip0'),
      (all) => all.length === 1 && all.every(({ flags }) => !flags.includes('tentative')),
    );
  });
  afterEach(async () => {
    for (const { name } of (await links?.listLinks({ kind: 'dummy' })) ?? []) {
      await links?.deleteLink(name);
    }
  });
}
