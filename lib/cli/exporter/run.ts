/**
 * `ipvs exporter`.
 * @module
 */
import { once } from 'node:events';
import { Metrics } from '../../metrics/index.js';
import { UsageError } from '../arguments.js';
import type { Run } from '../command.js';
import { endSignal } from '../end-signal.js';
import { parseListen } from '../listen.js';
import { withIpvs } from '../netns.js';
import { HttpPort } from '../server/http-port.js';
import { metricsPages } from '../server/pages.js';
import type { options } from './command.js';

/** Serves metrics until a signal ends the command. */
export const run: Run<typeof options> = async ({ values }, { stdout }) => {
  const { level, nodeExporter, netns } = values;
  if (values.listen === undefined) {
    throw new UsageError('--listen is missing: --listen [ADDRESS]:PORT');
  }
  const listen = parseListen('--listen', values.listen);
  const signal = endSignal();
  return withIpvs(netns, async (ipvs) => {
    const port = await HttpPort.open('--listen', listen);
    const metrics = new Metrics(ipvs, { level, nodeExporter });
    port.serve(metricsPages({ metrics, checkHealth: () => ipvs.getInfo() }));
    stdout.write(`listening on ${port.url}/metrics\n`);
    if (!signal.aborted) await once(signal, 'abort');
    await port.close();
    return 0;
  });
};
