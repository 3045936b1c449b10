// Real servers and their client, in one process within a network namespace: HTTP and UDP servers that answer with their
// own address, and a client that does what it is told by messages, one at a time.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

const [addresses, port] = [process.argv[3].split(','), Number(process.argv[2])];
const held = [];
const asked = [];
/** How long an answer may take, in milliseconds: without one the action fails. */
const PATIENCE = 120_000;
/**
 * The source port of the next connection. None has one again: the kernel would take what a server
 * says to one virtual port for an answer of the other, where a connection had the same source port.
 */
let localPort = 10_000;

for (const address of addresses) {
  const server = createServer((_, response) => response.end(address));
  server.keepAliveTimeout = 0;
  await once(server.listen(port, address), 'listening');
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => socket.send(address, from.port, from.address));
  socket.bind(port, address);
  await once(socket, 'listening');
}

async function fetch(host, port) {
  const sent = request({ host, port, localPort: localPort++, agent: false });
  sent.setTimeout(PATIENCE, () => sent.destroy(new Error('no answer')));
  sent.end();
  const [response] = await once(sent, 'response');
  return (await response.setEncoding('utf8').toArray()).join('');
}

/** Keeps the socket open: with its port in use again, an exchange would join an old connection. */
async function ask(host, port) {
  const socket = createSocket('udp4');
  asked.push(socket);
  socket.send('?', port, host);
  const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE) });
  return String(answer);
}

/** Opens a connection and keeps it; the answer to one request tells the server. */
async function hold(host, port) {
  const socket = connect({ host, port, localPort: localPort++ });
  held.push(socket);
  // An error outside an exchange, such as a reset, is found by the next one.
  socket.on('error', () => undefined);
  return exchange(socket);
}

async function exchange(socket) {
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE) });
  return String(answer).trim().split('\r\n').at(-1);
}

/** Asks again on the connection that was asked the longest time ago. */
async function again() {
  const socket = held.shift();
  held.push(socket);
  return exchange(socket);
}

async function release() {
  const sockets = held.splice(0);
  const closed = (socket) => once(socket.end(), 'close', { signal: AbortSignal.timeout(PATIENCE) });
  await Promise.all(sockets.map(closed));
  return sockets.length;
}

/** Closes connections that may have no other end any more. */
async function abandon() {
  for (const socket of held.splice(0)) socket.destroy();
}

const actions = { fetch, ask, hold, release, again, abandon };

process.on('message', async ({ action, args, times }) => {
  const answers = [];
  try {
    for (let index = 0; index < times; index++) answers.push(await actions[action](...args));
    process.send({ answers });
  } catch (error) {
    process.send({ failure: `${action} ${args.join(' ')}: ${error.message}` });
  }
  for (const socket of asked.splice(0)) socket.close();
});
process.on('disconnect', () => process.exit());
process.send('ready');
