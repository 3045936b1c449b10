// Watches links. As a worker thread it adds and deletes a link until it is terminated during that. As
// a process with 'ref' it stays alive until it has seen a link; without, it ends by itself.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Links } from 'ipvs';

if (isMainThread) {
  const [netns, mode] = process.argv.slice(2);
  const links = await Links.open({ netns });
  const watcher = links.watch({ types: ['link'] });
  if (mode === 'ref') watcher.ref();
  console.log('watching');
  watcher.next().then(async ({ value }) => {
    console.log(value.link.name);
    await links.close();
  });
} else {
  const { netns, name } = workerData;
  const links = await Links.open({ netns });
  for (let round = 0; ; round++) {
    const watcher = links.watch();
    await links.ensureDummy(name);
    const seen = await watcher.next();
    await links.deleteLink(name);
    if (round % 2 === 0) await watcher.return(); // the others are left to the end of the worker
    if (round === 2) parentPort.postMessage(seen.value.type);
  }
}
