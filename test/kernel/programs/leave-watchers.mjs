// Ends worker threads that have open watchers, and prints the memory of the process: after the first
// rounds, and after all of them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Links } from 'ipvs';

const WARM_UP = 4;

async function main(watchers, rounds) {
  const memory = [];
  for (let round = 0; round < WARM_UP + rounds; round++) {
    if (round === WARM_UP) memory.push(anonymousBytes());
    const worker = new Worker(new URL(import.meta.url), { workerData: watchers });
    await once(worker, 'message');
    await worker.terminate();
  }
  console.log(JSON.stringify([...memory, anonymousBytes()]));
}

function anonymousBytes() {
  return Number(/^RssAnon:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

if (isMainThread) {
  const [watchers, rounds] = process.argv.slice(2).map(Number);
  await main(watchers, rounds);
} else {
  const links = await Links.open();
  globalThis.kept = Array.from({ length: workerData }, () => links.watch());
  setInterval(() => {}, 1000);
  parentPort.postMessage('open');
}
