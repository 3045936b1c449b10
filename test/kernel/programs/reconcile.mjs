// An agent: `node reconcile.mjs ORDER`. Gives its firewall marks all of their destinations, and then only some, so
// many rounds, and at the end all. Prints how often it ran and how many changes of others it found in its scope.
import { Ipvs, ReconcileError } from 'ipvs';

const { netns, first, count, rounds, fwmarks, shared = false } = JSON.parse(process.argv[2]);
const ipvs = await Ipvs.open({ netns });
const prune = { fwmarks };

const stateOf = (services, destinations, weight) => ({
  services: Array.from({ length: services }, (_, index) => ({
    fwmark: first + index,
    scheduler: 'rr',
    destinations: Array.from({ length: destinations }, (_, place) => ({
      address: `10.1.${index}.${place + 1}`,
      weight,
    })),
  })),
});

let [runs, foreign] = [0, 0];

/** Two agents of one scope may take each other's turn until the last attempt. */
async function reach(state) {
  try {
    runs++;
    await ipvs.reconcile(state, { prune });
  } catch (error) {
    if (!shared || !(error instanceof ReconcileError)) throw error;
    return reach(state);
  }
}

/**
 * Returns the number of changes that others have made. A service that is to be deleted is none: a list that leaves it
 * out, because another program changes the table meanwhile, leaves it to the next call. So does a list that the kernel
 * has read while it enlarged its table, but hardly two in a row; what another program has deleted, every list leaves
 * out.
 */
async function differences(state) {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5 && least > 0; attempt++) {
    const { changes } = await ipvs.reconcile(state, { prune, dryRun: true });
    const others = changes.filter(
      ({ action, destination }) => action !== 'delete' || destination !== undefined,
    );
    least = Math.min(least, others.length);
  }
  return least;
}

for (let round = 0; round < rounds; round++) {
  for (const state of [stateOf(count >> 2, 4, 2), stateOf(count, 10, 1)]) {
    await reach(state);
    if (shared) continue;
    foreign += await differences(state);
  }
}
// The other agent may have run an older state since.
if (shared) await reach(stateOf(count, 10, 1));
console.log(JSON.stringify({ runs, foreign }));
await ipvs.close();
