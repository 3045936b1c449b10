// A server on all addresses and clients that keep their connections, in one process within a network namespace: `node
// held.mjs PORT HOST SERVICE INTERVAL`. Each client sends the time at every interval, and the server sends it back. The
// message `{ hold: COUNT }` opens connections; the answer to any message says what has become of all of them.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const [port, host, servicePort, interval] = process.argv.slice(2);

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.write(`${socket.localAddress}\n`);
  socket.pipe(socket);
});
await once(server.listen(Number(port), '0.0.0.0'), 'listening');

const connections = [];

/** Opens a connection. Resolves when its server has said its address. */
async function hold() {
  // `answered` is the time when the last request that got an answer was sent.
  const connection = { server: '', answered: 0 };
  const socket = connect(Number(servicePort), host);
  let rest = '';
  socket.setEncoding('latin1').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (connection.server === '') connection.server = line;
      else connection.answered = Number(line);
    }
  });
  await once(socket, 'data');
  const timer = setInterval(() => socket.write(`${Date.now()}\n`), Number(interval));
  // A reset is an error or, if a request was being sent, an end.
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(timer);
    connection.ended = Date.now();
  });
  connections.push(connection);
}

process.on('message', async ({ hold: count = 0 }) => {
  for (let index = 0; index < count; index++) await hold();
  process.send(connections);
});
process.on('disconnect', () => process.exit());
process.send(connections);
