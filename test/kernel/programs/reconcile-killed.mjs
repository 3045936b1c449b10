// Reconciles, or applies a state with a director, and kills itself with SIGKILL when the kernel has executed so many of
// its requests: `node reconcile-killed.mjs ORDER`. The requests go through the addon as always, up to the last one that
// may be sent. An exchange about links counts as one request.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Director, Ipvs } from 'ipvs';

const { netns, state, options, count, form } = JSON.parse(process.argv[2]);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const native = createRequire(import.meta.url)('node-gyp-build')(root);
let rest = count;

/** Kills the process instead of sending a request too many. */
function end() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

native.Handle = class extends native.Handle {
  async run(requests, first, wanted, ...more) {
    const part = Math.min(rest, wanted);
    rest -= part;
    const response = part === 0 ? undefined : await super.run(requests, first, part, ...more);
    return rest === 0 ? end() : response;
  }
  runSync(requests, wanted, ...more) {
    const part = Math.min(rest, wanted);
    rest -= part;
    const response = part === 0 ? undefined : super.runSync(requests, part, ...more);
    return rest === 0 ? end() : response;
  }
  async runLinks(...args) {
    if (rest === 0) return end();
    rest--;
    const response = await super.runLinks(...args);
    return rest === 0 ? end() : response;
  }
};

async function direct() {
  const director = await Director.open({ netns, ...options });
  await director.apply(state);
  await director.close();
}

async function reconcile() {
  const ipvs = await Ipvs.open({ netns });
  await (form === 'sync' ? ipvs.sync : ipvs).reconcile(state, options);
  await ipvs.close();
}

await (form === 'director' ? direct() : reconcile());
