// Servers and a steady load on them, in one process within a network namespace: `node load.mjs PORT SERVERS HOST SERVICE`.
// Keep-alive, uploads and short requests run from the message `start` until `stop`. The answer to any message says how many
// requests each server has answered, and what has become of all.
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [port, addresses, host, servicePort] = [
  Number(process.argv[2]),
  process.argv[3].split(','),
  process.argv[4],
  Number(process.argv[5]),
];
/** Each kind has so many clients. */
const CLIENTS = 4;
/** A keep-alive client opens another connection after so many requests. */
const REQUESTS = 25;
const CHUNK = Buffer.alloc(8192, 'x');
const CHUNKS = 16;
/** Milliseconds without an answer that only a lost request takes, even on a busy machine. */
const PATIENCE = 120_000;

const served = {};
for (const address of addresses) {
  served[address] = 0;
  const server = createServer(async (incoming, response) => {
    let length = 0;
    for await (const chunk of incoming) length += chunk.length;
    served[address]++;
    response.end(String(length));
  });
  server.keepAliveTimeout = 0;
  await once(server.listen(port, address), 'listening');
}

/** Sends a request with so many chunks. Returns the number of bytes that the server has counted. */
async function ask(agent, chunks) {
  const method = chunks === 0 ? 'GET' : 'POST';
  const sent = request({ host, port: servicePort, agent, method });
  sent.setTimeout(PATIENCE, () => sent.destroy(new Error('no answer')));
  const answered = once(sent, 'response');
  answered.catch(() => {});
  for (let index = 0; index < chunks; index++) {
    sent.write(CHUNK);
    await sleep(5);
  }
  sent.end();
  const [response] = await answered;
  return Number((await response.setEncoding('utf8').toArray()).join(''));
}

const kinds = {
  async keepAlive(count) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < REQUESTS && isRunning; index++) await count(() => ask(agent, 0), 0);
    agent.destroy();
  },
  upload: (count) => count(() => ask(false, CHUNKS), CHUNKS * CHUNK.length),
  short: (count) => count(() => ask(false, 0), 0),
};

let isRunning = true;
const answered = { keepAlive: 0, upload: 0, short: 0 };
const failures = [];

async function client(kind) {
  const count = async (action, expected) => {
    try {
      const length = await action();
      if (length === expected) answered[kind]++;
      else failures.push(`${kind}: ${length} bytes instead of ${expected}`);
    } catch (error) {
      failures.push(`${kind}: ${error.code ?? error.message}`);
    }
  };
  while (isRunning) await kinds[kind](count);
}

let clients = [];
const actions = {
  start() {
    clients = Object.keys(kinds).flatMap((kind) =>
      Array.from({ length: CLIENTS }, () => client(kind)),
    );
  },
  async stop() {
    isRunning = false;
    await Promise.all(clients);
  },
  count() {},
};

process.on('message', async (action) => {
  await actions[action]();
  process.send({ answered, failures, served });
});
process.on('disconnect', () => process.exit());
