/**
 * A virtual address on a dummy link, and a service on it:
 *
 *   client 10.0.0.2 ── 10.0.0.1 director 10.1.1.1 ── 10.1.1.2 server
 *                      10.96.0.1, on the dummy link vip0
 *
 * curl requests it, and the program prints the events of links and addresses meanwhile.
 * `npm run demo -- vip` runs this program on a kernel with IPVS.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Ipvs, type LinkEvent } from 'ipvs';
import { connect, Lab } from './lab.js';

const VIP = '10.96.0.1';
const SERVICE = `tcp://${VIP}:80`;

function describeLink({ action, link }: Extract<LinkEvent, { type: 'link' }>): string {
  return `link ${link.name} ${action}: ${link.up ? 'up' : 'down'}, MTU ${link.mtu}`;
}

function describe(event: LinkEvent): string {
  switch (event.type) {
    case 'link':
      return describeLink(event);
    case 'address':
      return `address ${event.address.address}/${event.address.prefixLength} ${event.action}`;
    default:
      return 'events were lost: list links and addresses again';
  }
}

const lab = new Lab();
try {
  const [director, client, server] = [lab.host('director'), lab.host('client'), lab.host('server')];
  director.sysctl('net.ipv4.ip_forward', '1');
  connect(director, '10.0.0.1/24', client, '10.0.0.2/24');
  connect(director, '10.1.1.1/24', server, '10.1.1.2/24');
  client.ip('route', 'add', 'default', 'via', '10.0.0.1');
  server.ip('route', 'add', 'default', 'via', '10.1.1.1');
  const program = fileURLToPath(new URL('server.js', import.meta.url));
  await once(server.spawn(program, 'the real server', '8080').stdout, 'data');

  await using ipvs = await Ipvs.open({ netns: director.netns });
  const watcher = ipvs.links.watch().ref();
  const watching = (async () => {
    for await (const event of watcher) {
      console.log(`  event: ${describe(event)}`);
      if (event.type === 'link' && event.action === 'deleted') break;
    }
  })();

  console.log(`Making ${VIP} a virtual address`);
  await ipvs.links.ensureDummy('vip0');
  await ipvs.links.ensureAddress('vip0', `${VIP}/32`);
  await ipvs.addService({ protocol: 'tcp', address: VIP, port: 80, scheduler: 'rr' });
  await ipvs.addDestination(SERVICE, {
    address: '10.1.1.2',
    port: 8080,
    forwarding: 'masquerade',
  });
  console.log(`curl http://${VIP}/: ${client.exec('curl', '-sS', '-m', '10', `http://${VIP}/`)}`);

  console.log('Removing it');
  await ipvs.deleteService(SERVICE);
  await ipvs.links.deleteAddress('vip0', `${VIP}/32`);
  await ipvs.links.deleteLink('vip0');
  // Ends at the event of the deleted link, the last one.
  await watching;
} finally {
  lab.delete();
}
