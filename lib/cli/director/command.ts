/**
 * The row of `ipvs director`, and its options.
 * @module
 */
import { defineCommand } from '../command.js';
import { DRAIN, KEEP, READS_STATE, SCOPE_HELP, STATE_FILE } from '../state-options.js';

/** The options of `ipvs director`. */
export const options = {
  owns: {
    summary: 'the services that it may delete; by default those on the addresses of --link',
    value: 'SCOPE',
    repeatable: true,
  },
  link: {
    summary: 'a dummy link that gets the addresses of the services, and belongs to the director',
    value: 'NAME',
  },
  drain: DRAIN,
  drainTimeout: {
    summary: 'the longest that a destination drains; by default 30; implies --drain',
    value: 'SECONDS',
  },
  resync: {
    summary: 'the time between two steps, which repair drift; by default 30',
    value: 'SECONDS',
  },
  keep: KEEP,
  metrics: {
    summary: 'serve /metrics and /healthz at this address, as ipvs exporter does',
    value: '[ADDRESS]:PORT',
  },
  json: { summary: 'print each event as a JSON object on a line' },
  ...READS_STATE,
} as const;

/** The row of `ipvs director`. */
export const director = defineCommand({
  name: 'director',
  summary: 'keep the table as a state file wants it',
  description: [
    'Applies the file when it starts and whenever the file changes, until SIGTERM or SIGINT ends ' +
      'it. It repairs what other programs change, tries again what the kernel refuses, and ' +
      'deletes only services that it owns. With --drain, destinations that go keep their ' +
      'connections. The kernel stays as it is when the director ends: start it again at any time.',
    'Looks at the file twice a second. A changed file is read when two looks in a row find it ' +
      'the same, or after five seconds of changes; SIGHUP reads it at once. A file that cannot ' +
      'be used is reported, and the previous state stays in force; only at the start the ' +
      "command fails. '-' reads the standard input once.",
    'Prints events: changed, drifted (a repair), draining, drained, refused, applied (the kernel ' +
      'is as the file wants it), recovered (after a refusal), rejected (the file cannot be ' +
      'used), overrun (events were dropped), stopped.',
    SCOPE_HELP,
  ],
  operands: [STATE_FILE],
  options,
  statuses: { 0: 'ended by SIGTERM or SIGINT' },
  examples: [
    {
      command: 'ipvs director --link vip0 --drain-timeout 60 state.yaml',
      summary: 'keep services and their addresses',
    },
    {
      command: 'ipvs director --owns network=10.96.0.0/12 --json state.json',
      summary: 'keep the services of a network, with events for programs',
    },
  ],
  load: () => import('./run.js'),
});
