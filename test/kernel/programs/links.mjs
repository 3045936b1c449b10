// Lists links in the namespace of its argument ('' is its own), adds a dummy link with an address, and
// prints the results as JSON.
import { Links } from 'ipvs';

const [netns = ''] = process.argv.slice(2);
const result = {};
try {
  const links = await Links.open(netns === '' ? {} : { netns });
  result.listed = (await links.listLinks()).some(({ name }) => name === 'lo');
  await links.ensureDummy('vip0');
  await links.addAddress('vip0', '10.96.0.1');
  const [address] = await links.listAddresses('vip0', { family: 'ipv4' });
  result.done = [address.link, address.address];
} catch (error) {
  result.code = error.code;
  result.message = error.message;
}
console.log(JSON.stringify(result));
