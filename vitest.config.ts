import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ipvs = fileURLToPath(new URL('lib/index.ts', import.meta.url));

// Suites that take minutes each and are not part of `npm test`: `npm test -- --suite NAME`.
const long = { abuse: 'test/kernel/abuse.test.ts', bench: 'test/kernel/bench.test.ts' };

// Tests that run where scripts/kernel puts them. The files share one processor and one kernel, so
// they run one after the other.
const onKernel = { fileParallelism: false, isolate: false, testTimeout: 120_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        // Needs the addon, but no kernel with IPVS.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], alias: { ipvs } },
      },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          exclude: Object.values(long),
          alias: { ipvs },
          ...onKernel,
        },
      },
      ...Object.entries(long).map(([name, file]) => ({
        test: { name, include: [file], alias: { ipvs }, ...onKernel },
      })),
      {
        // Tests the tarball that scripts/test-package makes. Installs take the network and the processors: one by one.
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
