/**
 * `ipvs kubernetes`.
 * @module
 */
import { readFile } from 'node:fs/promises';
import { errorMessage } from '../../core/errors.js';
import { Director, Ipvs } from '../../index.js';
import { checkConfig } from '../../kubernetes/config.js';
import { Nftables, reconcileOptions } from '../../kubernetes/index.js';
import { Metrics } from '../../metrics/index.js';
import type { Context, Run } from '../command.js';
import { logLinesOf } from '../director/events.js';
import { endSignal } from '../end-signal.js';
import { CommandError } from '../failures.js';
import { readInput } from '../input-file.js';
import { whenDrained } from '../output.js';
import { HttpPort } from '../server/http-port.js';
import { metricsPages } from '../server/pages.js';
import { Agent, type Log } from './agent.js';
import type { ApiClient } from './api-client.js';
import { openCluster } from './cluster.js';
import type { options } from './command.js';
import { planSync } from './dry-run.js';
import { HealthChecks, healthPages, isServing } from './health.js';
import { checkScheduler, setParameters } from './host.js';
import { type Settings, settingsOf } from './settings.js';

/** Serves the node until a signal ends the command. */
export const run: Run<typeof options> = async ({ values }, context) => {
  const { config } = values;
  const text =
    config === undefined
      ? undefined
      : await readInput(`--config: ${config}`, () => readFile(config, 'utf8'));
  const settings = settingsOf(values, text, context.env);
  const ipvs = await Ipvs.open();
  try {
    if (values.cleanup) return await cleanUp(ipvs, settings, context);
    await checkScheduler(ipvs, checkConfig(settings.compile).scheduler);
    return await (values.dryRun ? dryRun : serve)(ipvs, settings, context);
  } finally {
    await ipvs.close();
  }
};

/** Deletes services, link and table. Connections end. */
async function cleanUp(ipvs: Ipvs, settings: Settings, { stdout }: Context): Promise<number> {
  const { link } = settings.compile;
  const { prune } = reconcileOptions(settings.compile);
  const found = await ipvs.links.getLink(link);
  if (found !== undefined && found.kind !== 'dummy') {
    throw new CommandError(`${link} is not a dummy link: nothing was deleted`);
  }
  await new Nftables(settings.nftables).cleanUp().catch((error: Error) => {
    throw new CommandError(error.message, { cause: error });
  });
  const { changes } = await ipvs.reconcile({ services: [] }, { prune });
  if (found !== undefined) await ipvs.links.deleteLink(link, { ifExists: true });
  const deleted = [
    changes.length === 1 ? '1 service' : `${changes.length} services`,
    ...(found === undefined ? [] : [link]),
    'the table of nftables',
  ];
  stdout.write(`deleted ${deleted.join(', ')}\n`);
  return 0;
}

/** Prints what the first sync would change. */
async function dryRun(ipvs: Ipvs, settings: Settings, context: Context): Promise<number> {
  const client = await openCluster(settings.kubeconfig);
  const diff = await planSync(ipvs, settings, client, logTo(context));
  context.stdout.write(diff === '' ? '' : `${diff}\n`);
  return 0;
}

async function serve(ipvs: Ipvs, settings: Settings, context: Context): Promise<number> {
  const log = logTo(context);
  const signal = endSignal();
  const client = await openCluster(settings.kubeconfig);
  const ports = await openPorts(settings);
  try {
    await serveAt(ports, ipvs, settings, client, signal, context);
  } finally {
    await Promise.all(Object.values(ports).map((port) => port?.close()));
  }
  log('stopped');
  return 0;
}

/** The ports of the agent; undefined: not wanted. */
interface Ports {
  readonly healthz: HttpPort | undefined;
  readonly metrics: HttpPort | undefined;
}

/** Opens the ports, before anything is changed. */
async function openPorts({ healthz, metrics }: Settings): Promise<Ports> {
  const health = healthz && (await HttpPort.open('--healthz-bind-address', healthz));
  try {
    return {
      healthz: health,
      metrics: metrics && (await HttpPort.open('--metrics-bind-address', metrics)),
    };
  } catch (error) {
    await health?.close();
    throw error;
  }
}

async function serveAt(
  ports: Ports,
  ipvs: Ipvs,
  settings: Settings,
  client: ApiClient,
  signal: AbortSignal,
  context: Context,
): Promise<void> {
  const log = logTo(context);
  for (const change of await setParameters(settings.strictARP)) log(change);
  await setTimeouts(ipvs, settings, log);
  const { link } = settings.compile;
  const { prune, drain } = reconcileOptions(settings.compile);
  const director = await Director.open({
    owns: prune,
    link,
    linkUp: false,
    drain: { ...drain, timeout: settings.drainTimeout },
    resync: settings.resync,
  });
  const healthChecks = new HealthChecks(
    () => isServing(agent.health()),
    ({ message }) => log(message),
  );
  const targets = { ipvs, director, nftables: new Nftables(settings.nftables), healthChecks };
  const agent = new Agent(settings, client, targets, log);
  const metrics = new Metrics(ipvs, { director });
  const ended = new AbortController();
  const following = followEvents(director, log, () => whenDrained(context.stderr, ended.signal));
  try {
    ports.healthz?.serve(healthPages(() => agent.health()));
    ports.metrics?.serve(metricsPages({ metrics, checkHealth: () => ipvs.getInfo() }));
    log(`serving node ${settings.nodeName}`);
    await agent.run(signal);
  } finally {
    metrics.close();
    healthChecks.close();
    await director.close();
    ended.abort();
    await following;
  }
}

async function setTimeouts(ipvs: Ipvs, { timeouts }: Settings, log: Log): Promise<void> {
  const wanted = Object.entries(timeouts).filter(([, seconds]) => seconds > 0);
  if (wanted.length === 0) return;
  try {
    await ipvs.setTimeouts(Object.fromEntries(wanted));
  } catch (error) {
    // As with kube-proxy, the services matter more.
    log(`timeouts: ${errorMessage(error)}`);
  }
}

/** Prints what the director does. @param waitForReader waits until more can be printed */
async function followEvents(
  director: Director,
  log: Log,
  waitForReader: () => Promise<void>,
): Promise<void> {
  for await (const event of director.events()) {
    logLinesOf(event).forEach(log);
    await waitForReader();
  }
}

function logTo({ stderr }: Context): Log {
  return (line) => {
    stderr.write(`${new Date().toISOString()} ${line}\n`);
  };
}
