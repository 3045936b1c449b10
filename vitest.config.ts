import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ipvs = fileURLToPath(new URL('lib/index.ts', import.meta.url));

export default defineConfig({
  test: {
    projects: [
      {
        // Needs the addon, but no kernel with IPVS.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], alias: { ipvs } },
      },
      {
        // Runs where scripts/kernel puts it. The files share one processor and one kernel: one after the other.
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          alias: { ipvs },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
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
