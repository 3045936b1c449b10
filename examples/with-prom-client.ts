/**
 * Serves the metrics of IPVS beside those of the process, with prom-client:
 *
 *     node with-prom-client.js [PORT]
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Ipvs } from 'ipvs';
import { Metrics } from 'ipvs/metrics';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerMetrics } from './adapters/prom-client.js';

const [, , port = '0'] = process.argv;
const ipvs = await Ipvs.open();
const registry = new Registry();
collectDefaultMetrics({ register: registry });
await registerMetrics(registry, new Metrics(ipvs, { level: 'destination' }));

const server = createServer(async (_, response) => {
  try {
    const text = await registry.metrics();
    response.setHeader('content-type', registry.contentType).end(text);
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}/metrics`);
await once(process, 'SIGTERM');
server.close();
await ipvs.close();
