import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CompileResult,
  Compiler,
  compile,
  Nftables,
  nftablesChanges,
  nftablesCleanup,
  nftablesRuleset,
} from 'ipvs/kubernetes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { syncCases } from '../kubernetes/cases.js';

const results = syncCases.map(({ name, services, endpointSlices, node, config }) => ({
  name,
  result: compile({ services, endpointSlices, node }, config),
}));
const resultOf = (name: string): CompileResult => {
  const found = results.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found.result;
};
const NOTHING = compile({ services: [], endpointSlices: [], node: { name: 'node-a' } });

describe('nftablesRuleset', () => {
  const text = nftablesRuleset(resultOf('loadbalancer-source-ranges-without-node'));

  test('replaces a table of its own as a whole', () => {
    expect(text.split('\n').slice(0, 3)).toEqual([
      'add table inet kube-ipvs',
      'delete table inet kube-ipvs',
      'table inet kube-ipvs {',
    ]);
    expect(text.match(/^table|^add|^delete|^flush/gm)).toHaveLength(3);
  });

  test.each([
    ['KUBE-CLUSTER-IP', '10.96.0.10 . tcp . 80'],
    ['KUBE-LOAD-BALANCER-SOURCE-CIDR', '203.0.113.9 . tcp . 80 . 198.51.100.0/24'],
    ['KUBE-IPVS-IPS', '10.96.0.10, 203.0.113.9'],
    ['NODE-DROP', '203.0.113.9 . tcp . 80'],
  ])('has the elements of %s', (name, elements) => {
    const [, found] = new RegExp(`set ${name} {[^}]*elements = { ([^}]*) }`).exec(text) ?? [];
    expect(found).toBe(elements);
  });

  test('uses the bit, and the networks of pods', () => {
    const options = {
      masqueradeBit: 4,
      clusterCIDRs: ['10.244.0.0/16', 'fd01::/48'],
      table: 'mine',
    };
    const other = nftablesRuleset(NOTHING, options);
    expect(other).toContain('table inet mine {');
    expect(other).toContain('meta mark set meta mark or 0x10\n');
    expect(other).toContain('ip saddr != { 10.244.0.0/16 } ip daddr');
    expect(other).toContain('ip6 saddr != { fd01::/48 } ip6 daddr');
  });

  test.each([
    [{ table: 'a b' }, "options.table: 'a b' is not a name"],
    [{ masqueradeBit: 32 }, 'options.masqueradeBit: 32 is not an integer from 0 to 31'],
    [{ clusterCIDRs: ['pods'] }, "options.clusterCIDRs[0]: 'pods' is not a network"],
  ])('refuses %j', (options, message) => {
    expect(() => nftablesRuleset(NOTHING, options)).toThrow(`nftablesRuleset: ${message}`);
  });
});

describe('nftablesChanges', () => {
  test('is empty if nothing changes', () => {
    for (const { result } of results) expect(nftablesChanges(result, result)).toBe('');
  });

  test('deletes before it adds', () => {
    const before = resultOf('clusterip-two-endpoints');
    const after = resultOf('multi-port-one-address');
    expect(nftablesChanges(before, after)).toBe(
      [
        'delete element inet kube-ipvs KUBE-LOOP-BACK { 10.244.1.5 . tcp . 8080 . 10.244.1.5 }',
        'delete element inet kube-ipvs KUBE-CLUSTER-IP { 10.96.0.10 . tcp . 80 }',
        'add element inet kube-ipvs KUBE-CLUSTER-IP { 10.96.0.10 . tcp . 53, ' +
          '10.96.0.10 . tcp . 9153, 10.96.0.10 . udp . 53 }',
        '',
      ].join('\n'),
    );
  });

  test('reads no list that both results of a compiler share', () => {
    const compiler = new Compiler({ name: 'node-a' });
    const serviceOf = (name: string, clusterIP: string) => ({
      metadata: { namespace: 'default', name },
      spec: { clusterIP, ports: [{ port: 80 }] },
    });
    const sliceOf = (address: string) => ({
      metadata: {
        namespace: 'default',
        name: 'web-1',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      addressType: 'IPv4',
      ports: [{ port: 8080 }],
      endpoints: [{ addresses: [address], nodeName: 'node-a' }],
    });
    compiler.setService(serviceOf('web', '10.96.0.10'));
    compiler.setService(serviceOf('api', '10.96.0.11'));
    compiler.setEndpointSlice(sliceOf('10.244.1.5'));
    const before = compiler.result();
    compiler.setEndpointSlice(sliceOf('10.244.1.6'));
    const after = compiler.result();
    const read = new Set<string>();
    const observed = (result: CompileResult): CompileResult => ({
      ...result,
      sets: Object.fromEntries(
        Object.entries(result.sets).map(([name, entries]) => [name, observe(name, entries)]),
      ),
    });
    const lists = new Map<readonly string[], readonly string[]>();
    /** Returns a list that notes its name when it is read: the same for the same list. */
    const observe = (name: string, entries: readonly string[]) => {
      const known = lists.get(entries);
      if (known !== undefined) return known;
      const proxy = new Proxy(entries, {
        get: (target, key, receiver) => {
          read.add(name);
          return Reflect.get(target, key, receiver);
        },
      });
      lists.set(entries, proxy);
      return proxy;
    };
    expect(nftablesChanges(observed(before), observed(after))).toBe(
      [
        'delete element inet kube-ipvs KUBE-LOOP-BACK { 10.244.1.5 . tcp . 8080 . 10.244.1.5 }',
        'add element inet kube-ipvs KUBE-LOOP-BACK { 10.244.1.6 . tcp . 8080 . 10.244.1.6 }',
        '',
      ].join('\n'),
    );
    expect([...read]).toEqual(['KUBE-LOOP-BACK']);
  });

  test('has the rules of both families for what the node must not use', () => {
    const rules = ['203.0.113.9 tcp 80', 'fd00::9 udp 53'];
    expect(nftablesChanges(NOTHING, { ...NOTHING, dropRules: rules })).toBe(
      [
        'add element inet kube-ipvs NODE-DROP { 203.0.113.9 . tcp . 80 }',
        'add element inet kube-ipvs NODE-6-DROP { fd00::9 . udp . 53 }',
        '',
      ].join('\n'),
    );
  });
});

const unshare = (args: readonly string[], input = '') =>
  spawnSync('unshare', ['--net', '--map-root-user', ...args], { input, encoding: 'utf8' });
const hasNftables = unshare(['nft', 'add table inet probe; delete table inet probe']).status === 0;

describe.skipIf(!hasNftables)('nft, with the nftables of this kernel,', () => {
  /** Passes texts to nft, one after the other, in a namespace of their own; returns its listing. */
  function listed(...texts: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'ipvs-nft-'));
    try {
      const files = texts.map((text, index) => {
        const file = join(folder, `${index}.nft`);
        writeFileSync(file, text);
        return file;
      });
      const commands = files.map((file) => `nft -f ${file}`).join(' && ');
      const { status, stdout, stderr } = unshare([
        'sh',
        '-c',
        `${commands} && nft -s list ruleset`,
      ]);
      if (status !== 0) throw new Error(stderr);
      return stdout;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.each(results.map(({ name, result }) => [name, result] as const))(
    'accepts the ruleset of %s, also in place of another one',
    (_, result) => {
      const text = nftablesRuleset(result);
      expect(listed(text, text)).toBe(listed(text));
    },
  );

  test('accepts all options', () => {
    const options = { masqueradeBit: 0, clusterCIDRs: ['10.244.0.0/16', 'fd01::/48'] };
    expect(listed(nftablesRuleset(NOTHING, options))).toContain('fd01::/48');
    expect(listed(nftablesRuleset(NOTHING, { masqueradeAll: true }))).toContain('0x00004000');
  });

  test('has the same table after changes as after a ruleset', () => {
    const pairs = results.map(({ result }, place) => [result, results[place + 1]?.result] as const);
    for (const [before, after] of pairs) {
      if (after === undefined) continue;
      const changed = listed(nftablesRuleset(before), nftablesChanges(before, after));
      expect(changed).toBe(listed(nftablesRuleset(after)));
    }
  });

  test('accepts networks that overlap, and all networks', () => {
    const service = (ranges: string[]) => ({
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        clusterIP: '10.96.0.10',
        ports: [{ port: 80 }],
        loadBalancerSourceRanges: ranges,
      },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
    });
    const of = (...ranges: string[]) =>
      compile({ services: [service(ranges)], endpointSlices: [], node: { name: 'node-a' } });
    const overlapping = of('10.0.0.0/8', '10.1.0.0/16', '10.2.3.4/32', '192.0.2.0/24');
    expect(listed(nftablesRuleset(overlapping))).toMatch(/80 \. 10\.0\.0\.0\/8,\s+203/);
    const wider = of('0.0.0.0/0', '10.0.0.0/8');
    const changed = listed(nftablesRuleset(overlapping), nftablesChanges(overlapping, wider));
    expect(changed).toBe(listed(nftablesRuleset(wider)));
    const narrower = nftablesChanges(wider, overlapping);
    expect(listed(nftablesRuleset(wider), narrower)).toBe(listed(nftablesRuleset(overlapping)));
  });

  test('deletes the table, whether there is one or not, and no other table', () => {
    const other = 'table ip other {\n}\n';
    expect(listed(other, nftablesCleanup())).toBe(other);
    expect(listed(other, nftablesRuleset(NOTHING), nftablesCleanup())).toBe(other);
  });
});

describe('Nftables', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipvs-nft-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /**
   * A program in the place of nft, which fails while there is a file `fail`, and prints the file
   * `listing` if it lists.
   */
  function program(): string {
    const path = join(folder, 'nft');
    const text = `#!/bin/sh\ncat >/dev/null\nif [ -e ${folder}/fail ]; then echo bad >&2; exit 1; fi\n[ "$1" = -f ] || cat ${folder}/listing\n`;
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  }

  const first = resultOf('clusterip-two-endpoints');
  const second = resultOf('nodeport-udp');

  test('replaces the table first, then changes it, and replaces it after a failure', async () => {
    const nftables = new Nftables({ command: [program()] });
    expect(await nftables.apply(first)).toBe(nftablesRuleset(first));
    expect(await nftables.apply(first)).toBe('');
    expect(await nftables.apply(second)).toBe(nftablesChanges(first, second));
    writeFileSync(join(folder, 'fail'), '');
    await expect(nftables.apply(first)).rejects.toThrow(/^nftables: \S*nft failed \(1\): bad$/);
    rmSync(join(folder, 'fail'));
    expect(await nftables.apply(second)).toBe(nftablesRuleset(second));
    nftables.reset();
    expect(await nftables.apply(second)).toBe(nftablesRuleset(second));
  });

  test('executes calls that overlap one after the other, and forgets in their order', async () => {
    const nftables = new Nftables({ command: [program()] });
    const calls = [nftables.apply(first), nftables.apply(second)];
    nftables.reset();
    calls.push(nftables.apply(second));
    expect(await Promise.all(calls)).toEqual([
      nftablesRuleset(first),
      nftablesChanges(first, second),
      nftablesRuleset(second),
    ]);
  });

  test('notices a table that is not as it was written', async () => {
    const nftables = new Nftables({ command: [program()] });
    const OTHER = 'table inet other { # handle 1\n\tchain input { # handle 1\n\t}\n}\n';
    const list = (text: string) => writeFileSync(join(folder, 'listing'), text);
    const tableOf = (handle: number, rule: string) =>
      `table inet kube-ipvs { # handle ${handle}\n\tchain input { # handle 1\n${rule}\t}\n}\n`;
    const written = tableOf(2, '\t\tdrop # handle 3\n');
    list(written);
    expect(await nftables.hasChanged()).toBe(false);
    await nftables.apply(first);
    expect(await nftables.hasChanged()).toBe(false);
    await nftables.apply(second);
    list(`${OTHER}\n${written}\n${OTHER}`);
    expect(await nftables.hasChanged()).toBe(false);
    // Deleted, made again, and flushed.
    for (const text of ['', OTHER, tableOf(4, '\t\tdrop # handle 3\n'), tableOf(2, '')]) {
      list(text);
      expect(await nftables.hasChanged(), text).toBe(true);
    }
    nftables.reset();
    expect(await nftables.hasChanged()).toBe(false);
    await nftables.apply(second);
    expect(await nftables.hasChanged()).toBe(false);
  });

  test('does what it must if the table cannot be listed', async () => {
    const nftables = new Nftables({ command: [program()] });
    expect(await nftables.apply(first)).toBe(nftablesRuleset(first));
    expect(await nftables.apply(first)).toBe('');
    await expect(nftables.hasChanged()).rejects.toThrow(/^nftables: \S*nft failed \(1\): /);
    writeFileSync(join(folder, 'listing'), 'table inet kube-ipvs { # handle 1\n}\n');
    expect(await nftables.hasChanged()).toBe(true);
  });

  test('says so if there is no nft, and refuses bad options at once', async () => {
    const missing = join(folder, 'none');
    await expect(new Nftables({ command: [missing] }).apply(first)).rejects.toThrow(
      `nftables: cannot run ${missing}: `,
    );
    expect(() => new Nftables({ table: '' })).toThrow("options.table: '' is not a name");
  });
});
