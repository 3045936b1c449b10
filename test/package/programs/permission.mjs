// Prints what the package does where Node.js may do less, in this thread or, with the argument
// 'worker', in another.
import { isMainThread, Worker } from 'node:worker_threads';
import { diagnose, Ipvs, Links, loadModules } from 'ipvs';

async function attempt(what) {
  try {
    await (await what()).close?.();
    return { code: 'done', message: '' };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

if (isMainThread && process.argv[2] === 'worker') {
  new Worker(new URL(import.meta.url));
} else {
  console.log(
    JSON.stringify({
      open: await attempt(() => Ipvs.open()),
      links: await attempt(() => Links.open()),
      loadModules: await attempt(() => loadModules(['ipvs_no_such_module'])),
      checks: await diagnose(),
    }),
  );
}
