// Creates network namespaces, without closing them, until one fails or there are as many as the
// argument says. Prints how many there are, and the error, as JSON.
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { Ipvs, Links, Namespace } from 'ipvs';

const [most, loopback] = process.argv.slice(2);
const options = loopback === undefined ? undefined : { loopback: loopback === 'up' };

async function attempt(what) {
  try {
    return { value: await what() };
  } catch ({ code, message }) {
    return { code, message };
  }
}

const namespaces = [];
let failure = {};
while (namespaces.length < Number(most) && failure.code === undefined) {
  failure = await attempt(async () => {
    namespaces.push(await Namespace.create(options));
  });
}
const { code, message } = failure;
const found = { pid: process.pid, created: namespaces.length, code, message };
const [netns] = namespaces;
if (netns !== undefined && code === undefined) {
  // nsenter opens the path in a process of its own.
  const enter = [`--net=${netns.path}`, 'readlink', '/proc/self/ns/net'];
  const { stdout } = spawnSync('nsenter', enter, { encoding: 'utf8' });
  found.isReached = stdout.trim() === readlinkSync(`/proc/self/fd/${netns.fd}`);
  found.ipvs = await attempt(async () => (await Ipvs.open({ netns })).close());
  found.links = await attempt(async () => {
    const links = await Links.open({ netns });
    await links.ensureDummy('vip0');
    const listed = await links.listLinks();
    await links.close();
    return listed.map(({ name, up }) => `${name} ${up ? 'up' : 'down'}`);
  });
}
for (const namespace of namespaces) namespace.close();
if (code !== undefined) {
  // What failed has left nothing open: there is room for as many again.
  const again = await attempt(async () => {
    for (let number = 0; number < namespaces.length; number++) {
      namespaces[number] = await Namespace.create(options);
    }
    return namespaces.length;
  });
  found.again = again.value ?? again;
}
console.log(JSON.stringify(found));
