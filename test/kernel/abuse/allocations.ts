import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ipvs } from 'ipvs';
import { run } from '../helpers/namespace.js';
import { root } from '../helpers/programs.js';
import { Child } from './children.js';
import type { Scenario } from './scenario.js';
import type { Counts } from './tally.js';

/** In each round, one of so many allocations fails; each round starts with another one. */
const STEP = 20;
/** The least number of failures in a round. */
const FEW = 5;

export const allocations: Scenario = {
  name: 'allocations',
  about:
    "the addon's allocations fail, each in its turn: clear errors, no crash, and nobody waits for ever",
  length: { full: STEP, quick: 2 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const folder = mkdtempSync(join(tmpdir(), 'ipvs-soak-'));
    const shim = join(folder, 'failing-new.so');
    run('c++', ['-shared', '-fPIC', '-O1', '-o', shim, `${root}/test/kernel/abuse/failing-new.cc`]);
    const ipvs = await Ipvs.open({ netns: namespace.path });
    const start = random.below(STEP);
    for await (const round of context.rounds()) {
      const first = 1 + ((start + round) % STEP);
      const child = new Child('failing', [namespace.path, first, STEP], {
        env: { LD_PRELOAD: shim },
      });
      const counts = await child.hear<Counts>();
      const { code, signal, said } = await child.ended;
      if (counts === undefined) {
        tally.fault(`the process ended with ${code ?? signal}: ${said}`);
      } else {
        tally.add(counts);
        tally.same((counts.errors['allocation failed'] ?? 0) > FEW, true, 'allocations failed');
      }
      await ipvs.flush();
    }
    rmSync(folder, { recursive: true });
    await ipvs.close();
  },
};
