import fc from 'fast-check';
import { IpvsError, Links, type Reconciled, ReconcileError } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shownAddressesByLink, shownLinks } from './helpers/iproute.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
let links: Links;

beforeAll(async () => {
  links = await Links.open({ netns: fixture.namespace.path });
});
afterAll(() => links?.close());

// Few names and addresses, so that operations meet. 'pair0' is no dummy, and lo is not changed.
const NAMES = ['vip0', 'vip1', 'pair0'];
const ADDRESSES = ['10.0.0.1/32', '10.0.0.1/24', '10.1.0.1/24', 'fd00::1/128', 'fd00::1/64'];
const MULTICAST = 'ff02::5/128';
/** Less than IPv6 needs, so that the kernel takes its addresses away, is not among them. */
const MTUS = [1280, 1500, 9000];

type Operations = Pick<
  Links,
  | 'ensureDummy'
  | 'setLink'
  | 'deleteLink'
  | 'addAddress'
  | 'ensureAddress'
  | 'deleteAddress'
  | 'reconcileAddresses'
>;
type Call = {
  [Name in keyof Operations]: readonly [Name, ...Parameters<Operations[Name]>];
}[keyof Operations];
type Answer = unknown;

class Refusal extends Error {}

function refuse(code: string): never {
  throw new Refusal(code);
}

const isV6 = (address: string) => address.includes(':');
/** Returns the key by which the kernel distinguishes the addresses of a link. */
const identity = (address: string) => (isV6(address) ? address.replace(/\/.*/, '') : address);

interface ModelLink {
  readonly kind: string;
  up: boolean;
  mtu: number;
  /** By identity. */
  readonly addresses: Map<string, string>;
}

interface Pruning {
  readonly prune?: boolean | ((address: { readonly address: string }) => boolean);
  readonly dryRun?: boolean;
}

/** Links without a kernel. */
class Model {
  readonly links = new Map<string, ModelLink>();

  #link(name: string): ModelLink {
    return this.links.get(name) ?? refuse('ENODEV');
  }

  ensureDummy(name: string, { up = true, mtu }: { up?: boolean; mtu?: number } = {}): Answer {
    const found = this.links.get(name);
    if (found === undefined) {
      this.links.set(name, { kind: 'dummy', up, mtu: mtu ?? 1500, addresses: new Map() });
      return 'created';
    }
    if (found.kind !== 'dummy') refuse('EEXIST');
    const isAsWanted = found.up === up && found.mtu === (mtu ?? found.mtu);
    this.setLink(name, { up, ...(mtu === undefined ? {} : { mtu }) });
    return isAsWanted ? 'unchanged' : 'updated';
  }

  setLink(name: string, { up, mtu }: { up?: boolean; mtu?: number }): Answer {
    const link = this.#link(name);
    if (up === false && link.up) {
      for (const [key, address] of link.addresses) if (isV6(address)) link.addresses.delete(key);
    }
    link.up = up ?? link.up;
    link.mtu = mtu ?? link.mtu;
    return undefined;
  }

  deleteLink(name: string, { ifExists = false } = {}): Answer {
    if (this.links.delete(name)) return true;
    return ifExists ? false : refuse('ENODEV');
  }

  addAddress(name: string, address: string): Answer {
    const { addresses } = this.#link(name);
    if (address === MULTICAST) refuse('EADDRNOTAVAIL');
    if (addresses.has(identity(address))) refuse('EEXIST');
    addresses.set(identity(address), address);
    return undefined;
  }

  ensureAddress(name: string, address: string): Answer {
    const { addresses } = this.#link(name);
    if (address === MULTICAST) refuse('EADDRNOTAVAIL');
    const found = addresses.get(identity(address));
    addresses.set(identity(address), address);
    if (found === undefined) return 'created';
    return found === address ? 'unchanged' : 'updated';
  }

  deleteAddress(name: string, address: string, { ifExists = false } = {}): Answer {
    const addresses = this.links.get(name)?.addresses;
    if (addresses?.get(identity(address)) === address) return addresses.delete(identity(address));
    if (ifExists) return false;
    return refuse(addresses === undefined ? 'ENODEV' : 'EADDRNOTAVAIL');
  }

  reconcileAddresses(
    name: string,
    wanted: readonly string[],
    { prune = false, dryRun = false }: Pruning = {},
  ): Answer {
    const goals = new Map(wanted.map((each) => [identity(each), each]));
    // The same address with two prefix lengths.
    if (wanted.some((each) => goals.get(identity(each)) !== each)) refuse('ERR_INVALID_ARG_VALUE');
    const link = this.#link(name);
    const addresses = dryRun ? new Map(link.addresses) : link.addresses;
    const before = [...addresses.values()];
    const isPruned = typeof prune === 'boolean' ? () => prune : prune;
    for (const [key, address] of addresses) {
      if (!goals.has(key) && isPruned({ address })) addresses.delete(key);
    }
    // Only the kernel knows that it refuses an address.
    const refused = !dryRun && goals.delete(identity(MULTICAST));
    for (const [key, address] of goals) addresses.set(key, address);
    const after = [...addresses.values()];
    const done = {
      added: after.filter((each) => !before.includes(each)).sort(),
      removed: before.filter((each) => !after.includes(each)).sort(),
      updated: [],
    };
    return refused ? { code: 'EADDRNOTAVAIL', done } : done;
  }

  outcomeOf([name, ...args]: Call): unknown {
    // The arguments of a call are those of its method: TypeScript cannot infer that from the union.
    const method = this[name] as (...args: unknown[]) => Answer;
    try {
      return { value: method.apply(this, args) };
    } catch (error) {
      if (error instanceof Refusal) return { code: error.message };
      throw error;
    }
  }
}

const sorted = ({ added, removed, updated }: Reconciled) => ({
  added: added.toSorted(),
  removed: removed.toSorted(),
  updated: updated.toSorted(),
});

async function outcomeOf([name, ...args]: Call): Promise<unknown> {
  const method = links[name] as (...args: unknown[]) => Promise<Answer>;
  try {
    const value = await method.apply(links, args);
    // The name of the operation tells the type of its answer.
    return {
      value: name === 'reconcileAddresses' ? sorted(value as Reconciled) : value,
    };
  } catch (error) {
    if (error instanceof ReconcileError) {
      return { value: { code: error.code, done: sorted(error.done) } };
    }
    if (error instanceof IpvsError || error instanceof TypeError) {
      return { code: Object(error).code };
    }
    throw error;
  }
}

const link = fc.constantFrom(...NAMES);
const address = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 1, arbitrary: fc.constant(MULTICAST) },
);
const settings = fc.record(
  { up: fc.boolean(), mtu: fc.constantFrom(...MTUS) },
  { requiredKeys: [] },
);
const forgiving = fc.record({ ifExists: fc.boolean() }, { requiredKeys: [] });
const pruning: fc.Arbitrary<Pruning> = fc.record(
  {
    prune: fc.constantFrom(true, false, ({ address }: { readonly address: string }) =>
      isV6(address),
    ),
    dryRun: fc.boolean(),
  },
  { requiredKeys: [] },
);

const operation = fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Call> }[]>(
  { weight: 4, arbitrary: fc.tuple(fc.constant('ensureDummy' as const), link, settings) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('setLink' as const), link, settings) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('deleteLink' as const), link, forgiving) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('addAddress' as const), link, address) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('ensureAddress' as const), link, address) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('deleteAddress' as const), link, address, forgiving),
  },
);
const reconciling = fc.tuple(
  fc.constant('reconcileAddresses' as const),
  link,
  fc.array(address, { maxLength: 6 }),
  pruning,
);

/** Makes the calls of each batch at once, batch by batch; compares the results, and what ip shows. */
async function expectAsModel(batches: readonly (readonly Call[])[]): Promise<void> {
  await Promise.all(NAMES.map((name) => links.deleteLink(name, { ifExists: true })));
  fixture.namespace.ip('link', 'add', 'pair0', 'type', 'veth', 'peer', 'name', 'pair1');
  const model = new Model();
  model.links.set('pair0', { kind: 'veth', up: false, mtu: 1500, addresses: new Map() });
  for (const batch of batches) {
    const outcomes = await Promise.all(batch.map(outcomeOf));
    expect(outcomes).toEqual(batch.map((each) => model.outcomeOf(each)));
  }
  const shown = shownLinks(fixture.namespace).filter(({ name }) => NAMES.includes(name));
  expect(
    Object.fromEntries(shown.map(({ name, kind, up, mtu }) => [name, { kind, up, mtu }])),
  ).toEqual(
    Object.fromEntries(
      [...model.links].map(([name, { kind, up, mtu }]) => [name, { kind, up, mtu }]),
    ),
  );
  const shownAddresses = shownAddressesByLink(fixture.namespace);
  for (const [name, { addresses }] of model.links) {
    expect(shownAddresses.get(name) ?? []).toEqual([...addresses.values()].sort());
  }
}

test('sequential operations on links have the results of the model', async () => {
  const either = fc.oneof(
    { weight: 6, arbitrary: operation },
    { weight: 1, arbitrary: reconciling as fc.Arbitrary<Call> },
  );
  const walk = fc.array(either, { minLength: 1, maxLength: 60, size: 'max' });
  const one = fc.asyncProperty(walk, (calls) => expectAsModel(calls.map((each) => [each])));
  await fc.assert(one, { numRuns: 50 });
});

test('concurrent operations on links have the results of the model for a sequence', async () => {
  // Reconciling sends several batches, between which others have their turn: it stands alone.
  const batch = fc.oneof(
    { weight: 4, arbitrary: fc.array(operation, { minLength: 1, maxLength: 40, size: 'max' }) },
    { weight: 1, arbitrary: fc.tuple(reconciling) as fc.Arbitrary<Call[]> },
  );
  const walk = fc.array(batch, { minLength: 1, maxLength: 6, size: 'max' });
  await fc.assert(fc.asyncProperty(walk, expectAsModel), { numRuns: 50 });
});
