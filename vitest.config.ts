import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The package's exports, as its users name them. */
const alias = [
  { find: /^ipvs$/, replacement: fileURLToPath(new URL('lib/index.ts', import.meta.url)) },
  {
    find: /^ipvs\/(\w+)$/,
    replacement: fileURLToPath(new URL('lib/$1/index.ts', import.meta.url)),
  },
];

// Suites that take minutes each and are not part of `npm test`: `npm test -- --suite NAME`.
const long = { abuse: 'test/kernel/abuse.test.ts', bench: 'test/kernel/bench.test.ts' };

// The files share a kernel, so they run one after the other. They share a process too: to start one
// for each file takes user-mode Linux longer than most of the files. The limits end only what hangs:
// on a machine that is busy and slow, a test may take ten times as long as on another one.
const onKernel = {
  fileParallelism: false,
  isolate: false,
  testTimeout: 600_000,
  hookTimeout: 300_000,
};

/** The files that take the longest, longest first. Only the balance of the shards depends on it. */
const longest = [
  'kube-agent',
  'documents',
  'cli',
  'hanging-modprobe',
  'top',
  'ipvsadm-command',
  'ipvsadm-users',
  'watch',
  'stats',
  'workers',
  'reconcile-addresses',
  'connections-large',
  'reconcile-crash',
  'prometheus',
  'ipvs-model',
  'costs',
  'cli-ports',
  'packets-after-deletion',
  'director',
  'namespaces',
  'links',
  'cli-shells',
  'write-back',
  'reconcile-races',
  'privileges',
  'netns',
  'diagnose',
  'ipvsadm-listings',
].map((name) => `${name}.test.ts`);

/** Runs files in a fixed order, the longest first, and deals them to the shards in turn. */
class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = longest.indexOf(basename(moduleId));
      return index < 0 ? longest.length : index;
    };
    return files.toSorted((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }

  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 };
    const sorted = await this.sort(files);
    return sorted.filter((_, place) => {
      const turn = place % count;
      // Every other round in reverse, so that no shard always gets the longer file.
      return (Math.floor(place / count) % 2 === 0 ? turn : count - 1 - turn) === index - 1;
    });
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: Sequencer },
    // The default leaves a core to watch mode.
    maxWorkers: '100%',
    projects: [
      {
        // Needs the addon, but no kernel with IPVS.
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          alias,
          // Ends only what hangs: a property test of a second may take a minute on a busy machine.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          exclude: Object.values(long),
          alias,
          ...onKernel,
        },
      },
      ...Object.entries(long).map(([name, file]) => ({
        test: { name, include: [file], alias, ...onKernel },
      })),
      {
        // Tests the tarball that scripts/test-package makes. Installations use the network and all
        // cores, so they run one after the other.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
