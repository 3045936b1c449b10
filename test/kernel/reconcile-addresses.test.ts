import { channel } from 'node:diagnostics_channel';
import fc from 'fast-check';
import {
  IpvsError,
  isInputError,
  type LinkAddress,
  type Links,
  normalizeService,
  type ReconcileAddressesOptions,
  type Reconciled,
  ReconcileError,
} from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { addressesOn, shownAddresses } from './helpers/iproute.js';
import { until } from './helpers/poll.js';
import { useDummyLink } from './helpers/use-dummy-link.js';
import { useNamespace } from './helpers/use-namespace.js';

// The options of reconcileAddresses(): a predicate, dry runs, and a limit of deletions.

const fixture = useNamespace();
let links: Links;

useDummyLink(fixture, (opened) => {
  links = opened;
});

const ip = (...args: string[]) => fixture.namespace.ip(...args);
const add = (address: string, ...rest: string[]) =>
  ip('address', 'add', address, 'dev', 'vip0', ...rest);
const on = () => addressesOn(fixture.namespace, 'vip0');
const textOf = ({ address, prefixLength }: LinkAddress) => `${address}/${prefixLength}`;
const nothing: Reconciled = { added: [], removed: [], updated: [] };

/** Both forms of the operation. */
const forms = [
  { form: 'links', reconcile: (...args: Args) => links.reconcileAddresses(...args) },
  {
    form: 'links.sync',
    reconcile: async (...args: Args) => links.sync.reconcileAddresses(...args),
  },
];
type Args = Parameters<Links['reconcileAddresses']>;

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was done'),
    (reason: unknown) => reason,
  );

/** Returns what `ip` shows of the addresses, without lifetimes, which run down. */
const shown = () =>
  JSON.parse(ip('-json', 'address', 'show', 'dev', 'vip0'), (key, value) =>
    key.endsWith('_life_time') ? undefined : value,
  );

/** Expects that `action` sends no change: there is no event, and `ip` shows the same addresses. */
async function expectNoChange(action: () => Promise<unknown>): Promise<void> {
  const before = shown();
  const watcher = links.watch();
  await action();
  await links.setLink('vip0', { mtu: 1333 });
  const events: unknown[] = [];
  for await (const event of watcher) {
    if (event.type === 'link' && event.link.mtu === 1333) break;
    events.push(event);
  }
  await links.setLink('vip0', { mtu: 1500 });
  expect(events).toEqual([]);
  expect(shown()).toEqual(before);
}

describe.each(forms)('the predicate of reconcileAddresses of $form', ({ reconcile }) => {
  test('receives each address that pruning would delete, once, as it is listed', async () => {
    add('10.96.0.1/24', 'label', 'vip0:a', 'brd', '10.96.0.255');
    add('10.96.0.2/24');
    add('10.97.0.1', 'peer', '10.97.0.2/32', 'valid_lft', '1000', 'preferred_lft', '500');
    add('10.98.0.1/32');
    add('fd00::1/64', 'nodad');
    add('fd00::2/64', 'nodad', 'noprefixroute');
    const listed = await links.listAddresses('vip0');
    const received: LinkAddress[] = [];
    const prune = (address: LinkAddress) => {
      received.push(address);
      return false;
    };
    // fd00::1/64 is deleted and added again, which is no pruning.
    expect(await reconcile('vip0', ['10.98.0.1', 'fd00::1/128'], { prune })).toEqual({
      added: ['fd00::1/128'],
      removed: ['fd00::1/64'],
      updated: [],
    });
    const pruned = ['10.96.0.1/24', '10.96.0.2/24', '10.97.0.1/32', 'fd00::2/64'];
    const expected = listed.filter((address) => pruned.includes(textOf(address)));
    expect(expected).toHaveLength(4);
    expect(received).toHaveLength(4);
    for (const [place, { validLifetime, preferredLifetime, ...rest }] of expected.entries()) {
      expect(received[place]).toMatchObject(rest);
      expect(Object.keys(received[place] ?? {})).toEqual(Object.keys(expected[place] ?? {}));
      expect(received[place]?.validLifetime === null).toBe(validLifetime === null);
      expect(received[place]?.preferredLifetime === null).toBe(preferredLifetime === null);
    }
    expect(on()).toEqual([...pruned, '10.98.0.1/32', 'fd00::1/128'].sort());
  });

  test('is not called for addresses that pruning spares, nor for another family', async () => {
    ip('address', 'add', '127.0.0.2/8', 'dev', 'lo');
    ip('address', 'add', 'fd00::9/128', 'dev', 'lo');
    const received: string[] = [];
    const prune = (address: LinkAddress) => received.push(textOf(address)) > 0;
    await reconcile('vip0', [], { prune });
    expect(received).toEqual([]);
    expect(await reconcile('lo', [], { prune, family: 'ipv4' })).toEqual({
      ...nothing,
      removed: ['127.0.0.2/8'],
    });
    expect(received).toEqual(['127.0.0.2/8']);
    await reconcile('lo', [], { prune });
    expect(received).toEqual(['127.0.0.2/8', 'fd00::9/128']);
    expect(addressesOn(fixture.namespace, 'lo')).toEqual(['127.0.0.1/8', '::1/128']);
  });

  test('deletes the addresses for which it returns true, and no others', async () => {
    for (const host of [1, 2, 3, 4]) add(`10.96.0.${host}/32`);
    const prune = ({ address }: LinkAddress) => address.endsWith('2') || address.endsWith('3');
    expect(await reconcile('vip0', ['10.96.0.3'], { prune })).toEqual({
      ...nothing,
      removed: ['10.96.0.2/32'],
    });
    expect(on()).toEqual(['10.96.0.1/32', '10.96.0.3/32', '10.96.0.4/32']);
    await expectNoChange(async () =>
      expect(await reconcile('vip0', ['10.96.0.3'], { prune })).toEqual(nothing),
    );
  });

  test.each([
    { value: undefined, text: 'undefined' },
    { value: 1, text: '1' },
    { value: Promise.resolve(true), text: 'Promise' },
  ])('is refused if it returns $text, before anything is sent', async ({ value, text }) => {
    for (const host of [1, 2]) add(`10.96.0.${host}/32`);
    let calls = 0;
    const prune = (): never => (++calls === 1 ? true : value) as never;
    await expectNoChange(async () => {
      const error = await reasonOf(reconcile('vip0', ['10.96.0.9'], { prune }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        operation: 'reconcileAddresses',
        target: 'vip0',
        message: expect.stringMatching(
          `^reconcileAddresses vip0: options\\.prune\\('10\\.96\\.0\\.2/32'\\): .*${text}`,
        ),
      });
      expect(Object(error).message).toMatch(/ is not a boolean$/);
      expect(Object(error).stack).toContain('reconcile-addresses.test');
    });
  });

  const badInput = () => {
    try {
      return normalizeService({} as never);
    } catch (error) {
      if (isInputError(error)) return error;
      throw error;
    }
  };
  test.each([
    { kind: 'an error', make: () => new Error('no') },
    { kind: 'an error of this package', make: () => new IpvsError('no', { code: 'EPERM' }) },
    { kind: 'bad input of another call', make: badInput },
    { kind: 'no error', make: () => 'no' },
  ])('passes on $kind that it throws, and sends nothing', async ({ make }) => {
    for (const host of [1, 2]) add(`10.96.0.${host}/32`);
    const thrown: unknown = make();
    const { message, stack, ...rest } = Object(thrown);
    let calls = 0;
    const prune = (): boolean => {
      if (++calls === 1) return true;
      throw thrown;
    };
    await expectNoChange(async () =>
      expect(await reasonOf(reconcile('vip0', ['10.96.0.9'], { prune }))).toBe(thrown),
    );
    expect(calls).toBe(2);
    const after = Object(thrown);
    expect([after.message, after.stack]).toEqual([message, stack]);
    expect({ ...after }).toEqual(rest);
  });

  test('may call other operations', async () => {
    add('10.96.0.1/32');
    const prune = ({ link }: LinkAddress) =>
      links.sync.reconcileAddresses(link, ['10.96.0.2'], { prune: () => false }).added.length > 0;
    expect(await reconcile('vip0', ['10.96.0.3'], { prune })).toEqual({
      ...nothing,
      added: ['10.96.0.3/32'],
      removed: ['10.96.0.1/32'],
    });
    expect(on()).toEqual(['10.96.0.2/32', '10.96.0.3/32']);
  });

  test('sends nothing if it aborts the signal', async () => {
    add('10.96.0.1/32');
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    const prune = () => {
      controller.abort(reason);
      return true;
    };
    await expectNoChange(async () =>
      expect(await reasonOf(reconcile('vip0', ['10.96.0.9'], { prune, signal }))).toBe(reason),
    );
  });

  describe.each([0, 1])('with promote_secondaries %i', (promote) => {
    const order = () =>
      shownAddresses(fixture.namespace)
        .filter(({ link, family }) => link === 'vip0' && family === 'ipv4')
        .map(({ address, flags }) => `${address}${flags.includes('secondary') ? ' 2nd' : ''}`);
    beforeEach(() => {
      fixture.namespace.run('sysctl', ['-qw', `net.ipv4.conf.all.promote_secondaries=${promote}`]);
      add('10.0.0.1/24');
      add('10.0.0.2/24', 'label', 'vip0:a', 'brd', '10.0.0.255');
      for (const host of [3, 4, 5]) add(`10.0.0.${host}/24`);
    });

    test('keeps secondary addresses, as they were, when the first one goes', async () => {
      const before = shownAddresses(fixture.namespace).find(({ label }) => label === 'vip0:a');
      const prune = ({ address }: LinkAddress) => ['10.0.0.1', '10.0.0.5'].includes(address);
      const options = { prune };
      const dry = await reconcile('vip0', ['10.0.0.4/24'], { ...options, dryRun: true });
      const done = await reconcile('vip0', ['10.0.0.4/24'], options);
      expect(done).toEqual({
        added: [],
        removed: ['10.0.0.5/24', '10.0.0.1/24'],
        updated: ['10.0.0.4/24', '10.0.0.2/24', '10.0.0.3/24'],
      });
      expect(dry).toEqual(done);
      expect(on()).toEqual(['10.0.0.2/24', '10.0.0.3/24', '10.0.0.4/24']);
      const after = shownAddresses(fixture.namespace).find(({ label }) => label === 'vip0:a');
      expect({ ...after, flags: [] }).toEqual({ ...before, flags: [] });
      expect(await reconcile('vip0', ['10.0.0.4/24'], options)).toEqual(nothing);
    });

    test('keeps the settings of a secondary address that gets other lifetimes', async () => {
      const lifetimes = ['valid_lft', '1000', 'preferred_lft', '900'];
      add('10.0.0.6/24', 'label', 'vip0:b', 'brd', '10.0.0.255', 'noprefixroute', ...lifetimes);
      const find = () => shownAddresses(fixture.namespace).find(({ label }) => label === 'vip0:b');
      const before = find();
      const kept = ['10.0.0.1/24'];
      for (const prune of [(each: LinkAddress) => !kept.includes(textOf(each)), true]) {
        const done = await reconcile('vip0', ['10.0.0.6/24'], { prune });
        expect(done.updated).toEqual(['10.0.0.6/24']);
        expect(find()).toMatchObject({ validLifetime: null, preferredLifetime: null });
        for (const setting of ['broadcast', 'scope'] as const) {
          expect(find()?.[setting]).toBe(before?.[setting]);
        }
        expect(find()?.flags).toContain('no-prefix-route');
        expect(await reconcile('vip0', ['10.0.0.6/24'], { prune })).toEqual(nothing);
        ip('address', 'change', '10.0.0.6/24', 'dev', 'vip0', ...lifetimes);
      }
      expect(on()).toEqual(['10.0.0.6/24']);
    });

    test('does not touch secondary addresses whose first one is kept', async () => {
      const prune = ({ address }: LinkAddress) => address === '10.0.0.3';
      expect(await reconcile('vip0', ['10.0.0.4/24'], { prune })).toEqual({
        ...nothing,
        removed: ['10.0.0.3/24'],
      });
      expect(order()).toEqual(['10.0.0.1', '10.0.0.2 2nd', '10.0.0.4 2nd', '10.0.0.5 2nd']);
    });
  });

  test('may be overtaken by another program that deletes the addresses', async () => {
    for (const host of [1, 2]) add(`10.96.0.${host}/32`);
    for (const host of [1, 2, 3]) add(`fd00::${host}/64`, 'nodad');
    const gone = ['10.96.0.1/32', 'fd00::1/64', 'fd00::3/64'];
    let calls = 0;
    const prune = () => {
      if (++calls > 1) return true;
      for (const address of gone) ip('address', 'delete', address, 'dev', 'vip0');
      return true;
    };
    const done = await reconcile('vip0', ['fd00::3/128'], { prune });
    expect(done.added).toEqual(['fd00::3/128']);
    const removed = ['10.96.0.1/32', '10.96.0.2/32', 'fd00::1/64', 'fd00::2/64', 'fd00::3/64'];
    expect(done.removed.toSorted()).toEqual(removed);
    expect(on()).toEqual(['fd00::3/128']);
  });

  test('may be overtaken by the kernel, which deletes temporary addresses', async () => {
    fixture.namespace.run('sysctl', ['-qw', 'net.ipv6.conf.vip0.use_tempaddr=2']);
    add('fd01::1/64', 'mngtmpaddr', 'nodad');
    await until(on, ({ length }) => length === 2);
    expect((await reconcile('vip0', [], { prune: true })).removed).toHaveLength(2);
    expect(on()).toEqual([]);
  });

  test('rejects if the link is deleted meanwhile', async () => {
    add('10.96.0.1/32');
    const prune = () => {
      ip('link', 'delete', 'vip0');
      return true;
    };
    expect(await reasonOf(reconcile('vip0', [], { prune }))).toMatchObject({ code: 'ENODEV' });
  });

  test('decides about thousands of addresses', async () => {
    const many = Array.from({ length: 3000 }, (_, place) =>
      place % 2 ? `10.97.${place >> 8}.${place & 255}/32` : `fd00::${(place + 1).toString(16)}/128`,
    );
    await links.reconcileAddresses('vip0', many);
    const isThird = (text: string) => many.indexOf(text) % 3 === 0;
    const prune = (address: LinkAddress) => isThird(textOf(address));
    const done = await reconcile('vip0', many.slice(0, 1000), { prune });
    expect(done).toMatchObject({ added: [], updated: [] });
    const kept = many.filter((text, place) => place < 1000 || !isThird(text));
    expect(on()).toEqual(kept.toSorted());
    expect(done.removed).toHaveLength(many.length - kept.length);
  });
});

describe('reconcileAddresses that is aborted after the first chunk of changes', () => {
  /** Prunes with an abort as soon as the kernel has answered the first changes. */
  const pruneAborted = async (...args: Args) => {
    const controller = new AbortController();
    const exchange = channel('tracing:ipvs:exchange:asyncEnd');
    let exchanges = 0;
    // The first exchange is that of the plan.
    const abort = () => void (++exchanges === 2 && controller.abort(new Error('enough')));
    exchange.subscribe(abort);
    try {
      const [link, wanted, options] = args;
      const { signal } = controller;
      await links.reconcileAddresses(link, wanted, { ...options, signal });
      return 'complete';
    } catch (error) {
      return error instanceof Error ? error.message : error;
    } finally {
      exchange.unsubscribe(abort);
    }
  };

  test('does not lose the secondary addresses of a first one that it has deleted', async () => {
    fixture.namespace.run('sysctl', ['-qw', 'net.ipv4.conf.all.promote_secondaries=0']);
    const network = Array.from({ length: 101 }, (_, host) => `10.0.0.${host + 1}/24`);
    for (const address of network) add(address);
    // The addresses of another network are pruned afterwards.
    const others = Array.from({ length: 10 }, (_, host) => `10.1.0.${host + 1}/32`);
    await links.reconcileAddresses('vip0', others);
    const prune = ({ address }: LinkAddress) => address === '10.0.0.1' || /^10\.1/.test(address);
    const wanted = ['10.2.0.1'];
    expect(await pruneAborted('vip0', wanted, { prune })).toBe('enough');
    expect(on()).toEqual(network.slice(1).toSorted());
  });

  test('does not lose a secondary address that gets other lifetimes', async () => {
    fixture.namespace.run('sysctl', ['-qw', 'net.ipv4.conf.all.promote_secondaries=0']);
    // Those of another network are listed first, and pruned last.
    await links.reconcileAddresses(
      'vip0',
      Array.from({ length: 70 }, (_, host) => `10.1.0.${host + 1}/32`),
    );
    add('10.0.0.1/24');
    add('10.0.0.2/24', 'valid_lft', '1000', 'preferred_lft', '900');
    expect(await pruneAborted('vip0', ['10.0.0.2/24'], { prune: true })).toBe('enough');
    expect(on()).toContain('10.0.0.2/24');
    expect(on()).not.toContain('10.0.0.1/24');
  });

  test('does not lose an IPv6 address that gets another prefix length', async () => {
    const count = 70;
    const address = (host: number, length: number) => `fd00::${(host + 1).toString(16)}/${length}`;
    const present = Array.from({ length: count }, (_, host) => address(host, 64));
    // The first change is an addition, so that pairs begin at odd places.
    const wanted = ['10.2.0.1', ...present.map((_, host) => address(host, 128))];
    await links.reconcileAddresses('vip0', present);
    expect(await pruneAborted('vip0', wanted, {})).toBe('enough');
    expect(on()).toHaveLength(1 + count);
  });
});

test('other work is done between calls of a slow predicate', async () => {
  const many = Array.from({ length: 600 }, (_, place) => `10.97.${place >> 8}.${place & 255}/32`);
  await links.reconcileAddresses('vip0', many);
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  const at: number[] = [];
  const prune = () => {
    if (at.length === 0) setImmediate(turn);
    const end = performance.now() + 0.1;
    while (performance.now() < end);
    at.push(turns);
    return false;
  };
  expect(await links.reconcileAddresses('vip0', [], { prune })).toEqual(nothing);
  isDone = true;
  expect(at).toHaveLength(many.length);
  expect(new Set(at).size).toBeGreaterThan(1);
});

describe.each(forms)('a dry run of reconcileAddresses of $form', ({ reconcile }) => {
  test('returns what would be changed, and changes nothing', async () => {
    for (const address of ['10.96.0.1/32', '10.96.0.9/32']) add(address);
    // The end of a check for duplicates, or of a preferred lifetime, would be an event.
    add('fd00::1/64', 'nodad');
    add('10.96.0.2/32', 'valid_lft', '1000', 'preferred_lft', '500');
    const wanted = ['10.96.0.1', '10.96.0.2', '10.96.0.3', 'fd00::1', 'fd00::2'];
    const options: ReconcileAddressesOptions = { prune: true, dryRun: true };
    await expectNoChange(async () =>
      expect(await reconcile('vip0', wanted, options)).toEqual({
        added: ['10.96.0.3/32', 'fd00::1/128', 'fd00::2/128'],
        removed: ['10.96.0.9/32', 'fd00::1/64'],
        updated: ['10.96.0.2/32'],
      }),
    );
    const planned = await reconcile('vip0', wanted, options);
    expect(await reconcile('vip0', wanted, { prune: true, dryRun: false })).toEqual(planned);
    expect(await reconcile('vip0', wanted, options)).toEqual(nothing);
  });

  test('fails as the run where a change is refused without being sent', async () => {
    add('10.96.0.1/32', 'scope', 'link');
    const wanted = [{ address: '10.96.0.1', scope: 'host' } as const, '10.96.0.2'];
    const dry = await (async () => {
      let error: unknown;
      await expectNoChange(async () => {
        error = await reasonOf(reconcile('vip0', wanted, { dryRun: true }));
      });
      return error;
    })();
    const error = await reasonOf(reconcile('vip0', wanted));
    expect(dry).toBeInstanceOf(ReconcileError);
    expect(error).toMatchObject({ code: 'EEXIST', done: { added: ['10.96.0.2/32'] } });
    const textsOf = ({ message, errors, done }: ReconcileError) => [
      message,
      errors.map((each) => each.message),
      done,
    ];
    expect(textsOf(dry as ReconcileError)).toEqual(textsOf(error as ReconcileError));
  });

  test('rejects if there is no link', async () => {
    expect(await reasonOf(reconcile('vip9', ['10.0.0.1'], { dryRun: true }))).toMatchObject({
      code: 'ENODEV',
    });
  });
});

describe.each(forms)('maxDeletions of reconcileAddresses of $form', ({ reconcile }) => {
  const wanted = ['10.96.0.9', 'fd00::1/128'];
  beforeEach(() => {
    for (const address of ['10.96.0.1/32', '10.96.0.2/32', '10.96.0.3/32']) add(address);
    add('fd00::1/64', 'nodad');
  });

  test('refuses all changes if more would be deleted', async () => {
    const prune = ({ address }: LinkAddress) => address !== '10.96.0.3';
    const options = { prune, maxDeletions: 2 };
    await expectNoChange(async () => {
      const error = await reasonOf(reconcile('vip0', wanted, options));
      expect(error).toBeInstanceOf(IpvsError);
      expect(error).not.toBeInstanceOf(ReconcileError);
      expect(error).toMatchObject({
        code: 'ERR_IPVS_TOO_MANY_DELETIONS',
        operation: 'reconcileAddresses',
        target: 'vip0',
        message:
          'reconcileAddresses vip0: the changes would delete 3 addresses, which is more than ' +
          'options.maxDeletions: 2; nothing was changed',
      });
      // A dry run shows them all.
      const { removed } = await reconcile('vip0', wanted, { ...options, dryRun: true });
      expect(removed).toHaveLength(3);
    });
  });

  test('allows as many deletions', async () => {
    const prune = ({ address }: LinkAddress) => address !== '10.96.0.3';
    expect(await reconcile('vip0', wanted, { prune, maxDeletions: 3 })).toEqual({
      added: ['10.96.0.9/32', 'fd00::1/128'],
      removed: ['10.96.0.2/32', '10.96.0.1/32', 'fd00::1/64'],
      updated: [],
    });
  });

  test('allows additions if it is 0', async () => {
    const options = { maxDeletions: 0 };
    expect(await reconcile('vip0', ['10.96.0.9'], options)).toEqual({
      ...nothing,
      added: ['10.96.0.9/32'],
    });
    expect(await reasonOf(reconcile('vip0', ['fd00::1/128'], options))).toMatchObject({
      message: expect.stringContaining('the changes would delete 1 address, which'),
    });
  });
});

const POOL = [
  ...[1, 2, 3, 4, 5].map((host) => `10.0.0.${host}/24`),
  ...[1, 2, 3].map((host) => `10.0.0.${host}/32`),
  ...[1, 2].map((host) => `10.0.1.${host}/24`),
  ...['fd00::1/128', 'fd00::2/128', 'fd00::3/64', 'fd00::4/64'],
];

test('a dry run returns what the run does, which leaves nothing to do', async () => {
  const round = fc.record({
    present: fc.shuffledSubarray(POOL, { maxLength: 10 }),
    wanted: fc.shuffledSubarray(POOL, { maxLength: 6 }),
    kept: fc.option(fc.subarray(POOL), { nil: undefined }),
    prune: fc.boolean(),
    promote: fc.constantFrom(0, 1),
    form: fc.constantFrom(...forms),
  });
  // Few processes: each takes long to start in user-mode Linux.
  let promotes: number | undefined;
  const oneRound = async ({ present, wanted, kept, prune: all, promote, form }: Round) => {
    const { reconcile } = form;
    if (promote !== promotes) {
      fixture.namespace.run('sysctl', ['-qw', `net.ipv4.conf.all.promote_secondaries=${promote}`]);
      promotes = promote;
    }
    fixture.namespace.ipBatch([
      'address flush dev vip0 scope global',
      ...present.map((each) => {
        const flags = each.includes(':') ? 'nodad noprefixroute' : '';
        return `address add ${each} dev vip0 ${flags}`;
      }),
    ]);
    const prune =
      kept === undefined ? all : (address: LinkAddress) => !kept.includes(textOf(address));
    const before = shownAddresses(fixture.namespace);
    const planned = await reconcile('vip0', wanted, { prune, dryRun: true });
    expect(shownAddresses(fixture.namespace)).toEqual(before);
    expect(await reconcile('vip0', wanted, { prune })).toEqual(planned);
    const isLeft = (text: string) => (kept === undefined ? !all : kept.includes(text));
    const expected = new Set([...wanted, ...present.filter(isLeft)]);
    expect(on()).toEqual([...expected].sort());
    expect(planned.removed.toSorted()).toEqual(
      present.filter((text) => !expected.has(text)).toSorted(),
    );
    expect(await reconcile('vip0', wanted, { prune })).toEqual(nothing);
  };
  type Round = typeof round extends fc.Arbitrary<infer Value> ? Value : never;
  await fc.assert(fc.asyncProperty(round, oneRound), { numRuns: 60 });
});
