// Opens watchers, abandons them in every way, and counts the threads and descriptors that are left.
// Run with --expose-gc.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Links } from 'ipvs';

const count = (what) => readdirSync(`/proc/self/${what}`).length;
const vitals = () => ({ threads: count('task'), descriptors: count('fd') });

// A thread that was joined is listed until the kernel has ended it.
async function vitalsWhenAtMost(threads) {
  for (let round = 0; round < 200 && vitals().threads > threads; round++) await sleep(20);
  return vitals();
}

const [netns, watchers] = process.argv.slice(2);
const links = await Links.open({ netns });
await links.listLinks(); // which opens the socket of requests
const controller = new AbortController();
const { signal } = controller;
let listeners = 0;
for (const [method, change] of [
  ['addEventListener', 1],
  ['removeEventListener', -1],
]) {
  const original = signal[method].bind(signal);
  signal[method] = (...args) => {
    listeners += change;
    return original(...args);
  };
}
const warnings = [];
process.on('warning', ({ name }) => warnings.push(name));

async function abandon(number) {
  const watcher = links.watch(number % 2 === 0 ? { signal } : {});
  if (number % 3 === 0) {
    // Somebody has waited for an event, and taken it.
    const event = watcher.next();
    await links.setLink('vip0', { mtu: 1300 + number });
    await event;
  }
  if (number % 5 === 0) watcher.ref().unref();
  return watcher;
}

const alive = setInterval(() => undefined, 1000); // watchers do not keep the process alive
const before = { ...vitals(), listeners };
// Kept until they are counted: the garbage collector may run at any time.
const kept = [];
for (let number = 0; number < Number(watchers); number++) kept.push(await abandon(number));
const open = await vitalsWhenAtMost(before.threads + kept.length);
kept.length = 0;
for (let round = 0; round < 200; round++) {
  globalThis.gc();
  await sleep(20);
  const { threads, descriptors } = vitals();
  if (threads <= before.threads && descriptors <= before.descriptors && listeners === 0) break;
}
const after = { ...vitals(), listeners };

// One that somebody waits for is not abandoned, though nothing but the promise refers to it.
const waited = links.watch({ signal }).next();
for (let round = 0; round < 10; round++) {
  globalThis.gc();
  await sleep(10);
}
await links.setLink('vip0', { mtu: 1234 });
const { value } = await waited;
console.log(JSON.stringify({ before, open, after, warnings, seen: value.link.mtu }));
clearInterval(alive);
await links.close();
