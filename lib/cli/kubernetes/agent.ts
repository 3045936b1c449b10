/**
 * The agent: keeps a node as the newest objects of the API server want it.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../core/errors.js';
import { callOnAbort } from '../../core/signals.js';
import { type Director, type Ipvs, ReconcileError } from '../../index.js';
import { familyOf } from '../../kubernetes/families.js';
import {
  type CompileResult,
  Compiler,
  type EndpointSliceObject,
  type Nftables,
  type NodeDescription,
  type ServiceObject,
} from '../../kubernetes/index.js';
import type { ApiClient } from './api-client.js';
import { OURS } from './cluster.js';
import type { Health, HealthChecks } from './health.js';
import { addressesOf } from './host.js';
import {
  type Rules,
  rulesOfAddresses,
  withRulesOf,
  withVirtualAddressesOf,
} from './lasting-rules.js';
import { type ApiObject, type Reflected, reflect } from './reflector.js';
import type { Settings } from './settings.js';
import { StaleFlows } from './stale-flows.js';

/** The objects that the agent changes. */
export interface Targets {
  readonly ipvs: Ipvs;
  readonly director: Pick<Director, 'apply'>;
  readonly nftables: Pick<Nftables, 'apply' | 'hasChanged' | 'reset'>;
  readonly healthChecks: Pick<HealthChecks, 'update'>;
  /** Is told about failures of lists before the first sync, instead of the log. */
  readonly listFailed?: (message: string) => void;
}

/** Receives lines for people. */
export type Log = (line: string) => void;

/** Milliseconds that changes are collected: many come together. */
const COLLECT = 100;
/** Milliseconds without a sync after a change, from which on the agent is not healthy. */
const UNHEALTHY = 120_000;
const RETRY = 5000;
/** The lists of Services, EndpointSlices and Nodes. */
const LISTS = 3;
/**
 * Milliseconds after which the rules are written anew: another program may have changed elements of
 * their sets, which are too many to compare at each step.
 */
const RULES_PERIOD = 600_000;
const ZONE = 'topology.kubernetes.io/zone';
/** The taint of a node that the cluster autoscaler is going to delete. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** Keeps a node. */
export class Agent {
  readonly #settings: Settings;
  readonly #client: ApiClient;
  readonly #targets: Targets;
  readonly #log: Log;
  readonly #compiler: Compiler;
  /** The lists that came: nothing is changed before all have. */
  readonly #listed = new Set<string>();
  #node: NodeDescription;
  #isNodeEligible = true;
  /** The node and its addresses, as they were compiled for; and those of links of others. */
  #knownNode = '';
  #knownAddresses = '';
  /** The addresses that the dummy link had when they were last read. */
  #linkAddresses: readonly string[] = [];
  #conflicts: ReadonlySet<string> = new Set();
  /** What the rules of nftables are for. */
  #rules: Rules | undefined;
  readonly #flows: StaleFlows;
  /** Settles when the look at the node has ended that is under way. */
  #looking: Promise<unknown> | undefined;
  #wake: () => void = () => undefined;
  /** The number of changes that came, and how many of them the last sync knew. */
  #changes = 0;
  #synced = 0;
  /** When the first change came that the node does not have yet, in milliseconds. */
  #pendingSince: number | undefined;
  #lastSync: Date | undefined;

  constructor(settings: Settings, client: ApiClient, targets: Targets, log: Log) {
    this.#settings = settings;
    this.#client = client;
    this.#targets = targets;
    this.#log = log;
    this.#flows = new StaleFlows(log);
    this.#node = { name: settings.nodeName };
    this.#compiler = new Compiler(this.#node, settings.compile);
  }

  /** The health of the agent. */
  health(): Health {
    const since = this.#pendingSince;
    const isTimely = since === undefined || performance.now() - since < UNHEALTHY;
    return { isTimely, lastSync: this.#lastSync, isNodeEligible: this.#isNodeEligible };
  }

  /** Follows the API server, and calls `sync` after changes, until the signal is aborted. */
  async run(signal: AbortSignal, sync = () => this.sync()): Promise<void> {
    const reflections = this.#reflected().map((each) => reflect(this.#client, each, signal));
    const timers = [
      setInterval(() => {
        this.#targets.nftables.reset();
        this.#touch();
      }, RULES_PERIOD),
      setInterval(() => this.#lookAtNode(), this.#settings.resync),
    ];
    const forget = callOnAbort(signal, () => this.#wake());
    try {
      while (!signal.aborted) {
        await this.#changed(signal);
        // All that comes together is one sync.
        await pause(COLLECT, signal);
        if (!signal.aborted) await this.#syncOnce(sync, signal);
      }
      await Promise.all(reflections);
    } finally {
      timers.forEach(clearInterval);
      forget();
      await this.#flows.close();
    }
  }

  async #syncOnce(sync: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const changes = this.#changes;
    try {
      await sync();
      this.#synced = changes;
      // Changes that came during the sync may not be part of it.
      this.#pendingSince = this.#changes === changes ? undefined : performance.now();
      this.#lastSync = new Date();
    } catch (error) {
      this.#log(`sync failed: ${errorMessage(error)}`);
      await pause(RETRY, signal);
      this.#touch();
    }
  }

  /** Compiles what is known now. */
  async compile(): Promise<CompileResult> {
    const addresses = await addressesOf(this.#targets.ipvs);
    this.#linkAddresses = addresses[this.#settings.compile.link] ?? [];
    const text = JSON.stringify([this.#node, addresses]);
    if (text !== this.#knownNode) {
      this.#compiler.setNode({ ...this.#node, addresses });
      this.#knownNode = text;
      this.#knownAddresses = this.#textOfOthers(addresses);
    }
    return this.#compiler.result();
  }

  /** Notices what has changed on the node itself. */
  #lookAtNode(): void {
    // It may take longer than the time until the next look.
    this.#looking ??= Promise.all([this.#lookAtAddresses(), this.#lookAtRules()]).finally(() => {
      this.#looking = undefined;
    });
  }

  /** Notices that another program has deleted or changed the rules, as `nft flush ruleset` does. */
  async #lookAtRules(): Promise<void> {
    const { nftables } = this.#targets;
    try {
      if (!(await nftables.hasChanged())) return;
      this.#log('nftables: another program has changed the table, which is written anew');
    } catch {
      // What cannot be read is a failure for the next sync to report.
    }
    nftables.reset();
    this.#touch();
  }

  /** Notices changes of the node's addresses, of which the API server does not tell. */
  async #lookAtAddresses(): Promise<void> {
    if (this.#lastSync === undefined) return;
    const addresses = await addressesOf(this.#targets.ipvs).catch(() => undefined);
    // What cannot be read is a failure for the next sync to report.
    const isKnown = addresses && this.#textOfOthers(addresses) === this.#knownAddresses;
    if (!isKnown) this.#touch();
  }

  /** Returns the addresses of all links but the dummy link, whose addresses are made here. */
  #textOfOthers(addresses: Awaited<ReturnType<typeof addressesOf>>): string {
    const { link } = this.#settings.compile;
    return JSON.stringify(Object.entries(addresses).filter(([name]) => name !== link));
  }

  /** Brings the node to what is known now. */
  async sync(): Promise<void> {
    const { director, nftables, healthChecks } = this.#targets;
    const result = await this.compile();
    this.#reportConflicts(result);
    const before = this.#rules ?? rulesOfAddresses(this.#linkAddresses);
    const both = withRulesOf(before, result);
    // First, since traffic comes with the addresses.
    await nftables.apply(both);
    this.#rules = both;
    this.#flows.expect(result.udp);
    await director.apply(result.state, { addresses: result.addresses }).catch((error: unknown) => {
      // The director reports what was refused, and tries again. All else is as wanted.
      if (!(error instanceof ReconcileError)) throw error;
    });
    if (both !== result) {
      const { [this.#settings.compile.link]: present = [] } = await addressesOf(this.#targets.ipvs);
      const rules = withVirtualAddressesOf(before, result, new Set(present));
      await nftables.apply(rules);
      this.#rules = rules;
    }
    healthChecks.update(result.healthChecks);
    this.#flows.update(result.udp);
  }

  /** Reports the addresses and ports that several Services claim, each once. */
  #reportConflicts({ conflicts }: CompileResult): void {
    const lines = new Set(
      conflicts.map(
        ({ service, owner, others }) =>
          `conflict: ${service} is ${owner}'s, not ${others.join()}'s`,
      ),
    );
    for (const line of lines) if (!this.#conflicts.has(line)) this.#log(line);
    this.#conflicts = lines;
  }

  #touch(): void {
    this.#changes++;
    if (this.#hasLists()) this.#pendingSince ??= performance.now();
    this.#wake();
  }

  #hasLists(): boolean {
    return this.#listed.size === LISTS;
  }

  /** Resolves when there is something to do, or the signal is aborted. */
  async #changed(signal: AbortSignal): Promise<void> {
    const isReady = () => this.#changes !== this.#synced && this.#hasLists();
    while (!signal.aborted && !isReady()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #reflected(): readonly Reflected[] {
    const compiler = this.#compiler;
    return [
      this.#reflectedAs('Services', '/api/v1/services', {
        labelSelector: OURS,
        // The compiler checks it.
        set: (object) => compiler.setService(object as ServiceObject),
        remove: (object) => compiler.removeService(object),
      }),
      this.#reflectedAs('EndpointSlices', '/apis/discovery.k8s.io/v1/endpointslices', {
        labelSelector: OURS,
        // The compiler checks it.
        set: (object) => compiler.setEndpointSlice(object as EndpointSliceObject),
        remove: (object) => compiler.removeEndpointSlice(object),
      }),
      this.#reflectedAs('Node', '/api/v1/nodes', {
        fieldSelector: `metadata.name=${this.#settings.nodeName}`,
        set: (object) => {
          this.#node = describeNode(this.#node, object);
          this.#isNodeEligible = isEligible(object);
        },
        remove: () => {
          this.#isNodeEligible = false;
        },
      }),
    ];
  }

  #reflectedAs(
    what: string,
    path: string,
    { set, remove, ...selectors }: Pick<Reflected, 'set' | 'remove'> & Partial<Reflected>,
  ): Reflected {
    /** The names and versions of the objects, to notice what is new and what is gone in a list. */
    const known = new Map<string, ApiObject>();
    const setOne = (object: ApiObject) => {
      const { namespace, name, resourceVersion } = object.metadata ?? {};
      const before = known.get(keyOf(object))?.metadata?.resourceVersion;
      if (resourceVersion !== undefined && resourceVersion === before) return;
      known.set(keyOf(object), { metadata: { namespace, name, resourceVersion } });
      passOn(object, set);
    };
    const removeOne = (object: ApiObject) => {
      known.delete(keyOf(object));
      passOn(object, remove);
    };
    const passOn = (object: ApiObject, receive: (object: ApiObject) => void) => {
      try {
        receive(object);
      } catch (error) {
        // Others are served all the same.
        this.#log(`${what} ${keyOf(object)}: ${errorMessage(error)}`);
      }
    };
    return {
      ...selectors,
      path,
      replace: (objects) => {
        const listed = new Set(objects.map(keyOf));
        for (const [key, object] of known) if (!listed.has(key)) removeOne(object);
        for (const object of objects) setOne(object);
        this.#listed.add(what);
        this.#touch();
      },
      set: (object) => {
        setOne(object);
        this.#touch();
      },
      remove: (object) => {
        removeOne(object);
        this.#touch();
      },
      failed: (error, retryIn) => {
        const { listFailed } = this.#targets;
        const message = `${what} from ${this.#client.server}: ${error.message}`;
        if (listFailed !== undefined && !this.#listed.has(what)) listFailed(message);
        else this.#log(`${message}; next try in ${retryIn} ms`);
      },
    };
  }
}

// What the API server sends is no text if it is broken. A zone ('fe80::1%eth0') is no part of it.
const isAddress = (value: unknown) => typeof value === 'string' && familyOf(value) !== undefined;

const keyOf = ({ metadata }: ApiObject) => `${metadata?.namespace ?? ''}/${metadata?.name}`;

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Returns false if a Node is being deleted, or is going to be. */
function isEligible(object: ApiObject): boolean {
  // An object of the API server, with more properties than are typed here.
  const { metadata, spec } = object as {
    readonly metadata?: { readonly deletionTimestamp?: string | null } | null;
    readonly spec?: { readonly taints?: readonly { readonly key: string }[] | null } | null;
  };
  const isDeleted = (metadata?.deletionTimestamp ?? null) !== null;
  return !isDeleted && !(spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);
}

/**
 * Returns what a Node object says: its zone, and those internal IPs that are addresses.
 * @param before what was known of the node
 */
function describeNode(before: NodeDescription, object: ApiObject): NodeDescription {
  const zone = object.metadata?.labels?.[ZONE];
  // An object of the API server, with more properties than are typed here.
  const { status } = object as {
    readonly status?: {
      readonly addresses?: readonly { readonly type: string; readonly address: string }[] | null;
    } | null;
  };
  const nodeIPs = (status?.addresses ?? [])
    .filter(({ type, address }) => type === 'InternalIP' && isAddress(address))
    .map(({ address }) => address);
  // A node that registers anew has no addresses until a cloud controller sets them. Meanwhile it
  // serves at those that it had: without them, all its node ports would go. A zone, whose label may
  // be taken away for good, is not kept: traffic goes on without it.
  return { name: before.name, zone, nodeIPs: nodeIPs.length > 0 ? nodeIPs : before.nodeIPs };
}
