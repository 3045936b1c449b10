import { describe, expect, test } from 'vitest';
import { Ipvs, Links } from '../../lib/index.js';
import type { InvalidLinkArgument } from './helpers/link-requests.js';
import { expectInputError, thrownBy } from './helpers/requests.js';

const NAME = "is not the name of a link: 1 to 15 bytes without blanks, '/', ':' and '%'";

describe('reconcileAddresses and watch', () => {
  const rejected = async (...args: readonly unknown[]): Promise<unknown> => {
    await using links = await Links.open();
    const reconcile = links.reconcileAddresses.bind(links) as (
      ...given: readonly unknown[]
    ) => Promise<unknown>;
    return reconcile(...args).then(
      () => expect.unreachable('it was accepted'),
      (error: unknown) => error,
    );
  };
  test.each<InvalidLinkArgument & { args: readonly unknown[] }>([
    {
      args: ['lo', 'x'],
      kind: 'type',
      property: 'wanted',
      value: "'x'",
      rule: 'is not an array of addresses',
    },
    {
      args: ['lo', [5]],
      kind: 'type',
      property: 'wanted[0]',
      value: '5',
      rule: 'is not an address such as',
    },
    {
      args: ['lo', [], null],
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      args: ['lo', [], { prun: true }],
      kind: 'value',
      property: 'options.prun',
      value: "'prun'",
      rule: 'did you mean prune?',
    },
    {
      args: ['lo', [], { prune: 1 }],
      kind: 'type',
      property: 'options.prune',
      value: '1',
      rule: 'is not a boolean or a function',
    },
    {
      args: ['lo', [], { dryrun: true }],
      kind: 'value',
      property: 'options.dryrun',
      value: "'dryrun'",
      rule: 'did you mean dryRun?',
    },
    {
      args: ['lo', [], { dryRun: 'yes' }],
      kind: 'type',
      property: 'options.dryRun',
      value: "'yes'",
      rule: 'is not a boolean',
    },
    {
      args: ['lo', [], { maxDeletions: '3' }],
      kind: 'type',
      property: 'options.maxDeletions',
      value: "'3'",
      rule: 'is not an integer from 0',
    },
    ...[-1, 1.5, Number.POSITIVE_INFINITY].map((maxDeletions) => ({
      args: ['lo', [], { maxDeletions }],
      kind: 'range' as const,
      property: 'options.maxDeletions',
      value: String(maxDeletions),
      rule: 'is not an integer from 0',
    })),
    {
      args: ['lo', [], { signal: {} }],
      kind: 'type',
      property: 'options.signal',
      value: '{}',
      rule: 'is not an AbortSignal',
    },
    {
      args: ['lo', [], { family: 4 }],
      kind: 'type',
      property: 'options.family',
      value: '4',
      rule: 'is not one of ipv4, ipv6',
    },
    { args: ['', []], kind: 'value', property: 'link', value: "''", rule: NAME },
  ])('reconcileAddresses refuses $args', async ({ args, ...expected }) => {
    const subject = args[0] === 'lo' ? 'reconcileAddresses lo' : "reconcileAddresses ''";
    expectInputError(await rejected(...args), { subject, ...expected });
  });

  const TYPES = "is not an array of 'link' and 'address'";
  test.each<InvalidLinkArgument & { options: unknown }>([
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'is not an object' },
    {
      options: { type: [] },
      kind: 'value',
      property: 'options.type',
      value: "'type'",
      rule: 'did you mean types?',
    },
    {
      options: { types: 'link' },
      kind: 'type',
      property: 'options.types',
      value: "'link'",
      rule: TYPES,
    },
    { options: { types: [] }, kind: 'value', property: 'options.types', value: '[]', rule: TYPES },
    {
      options: { types: ['links'] },
      kind: 'value',
      property: 'options.types',
      value: "[ 'links' ]",
      rule: TYPES,
    },
    {
      options: { types: ['link', 5] },
      kind: 'value',
      property: 'options.types',
      value: "[ 'link', 5 ]",
      rule: TYPES,
    },
    {
      options: { signal: null },
      kind: 'type',
      property: 'options.signal',
      value: 'null',
      rule: 'is not an AbortSignal',
    },
  ])('watch refuses $options', async ({ options, ...expected }) => {
    await using links = await Links.open();
    const watch = links.watch.bind(links) as (given: unknown) => unknown;
    const error = thrownBy(() => watch(options));
    expectInputError(error, { subject: 'watch', ...expected });
  });
});

describe('options of open()', () => {
  const PID = 'is not an integer from 1 to 2147483647';
  const FD = 'is not an integer from 0 to 2147483647';
  const NETNS = 'is not a Namespace, the path of a network namespace, { pid } or { fd }';
  test.each<InvalidLinkArgument & { netns: unknown }>([
    { netns: {}, kind: 'type', property: 'options.netns', value: '{}', rule: NETNS },
    { netns: null, kind: 'type', property: 'options.netns', value: 'null', rule: NETNS },
    { netns: 7, kind: 'type', property: 'options.netns', value: '7', rule: NETNS },
    { netns: '', kind: 'value', property: 'options.netns', value: "''", rule: NETNS },
    { netns: { pid: 0 }, kind: 'range', property: 'options.netns.pid', value: '0', rule: PID },
    { netns: { pid: '1' }, kind: 'type', property: 'options.netns.pid', value: "'1'", rule: PID },
    {
      netns: { pid: undefined },
      kind: 'type',
      property: 'options.netns.pid',
      value: 'undefined',
      rule: PID,
    },
    { netns: { fd: -1 }, kind: 'range', property: 'options.netns.fd', value: '-1', rule: FD },
    {
      netns: { fd: 2 ** 31 },
      kind: 'range',
      property: 'options.netns.fd',
      value: '2147483648',
      rule: FD,
    },
    { netns: { fd: 1.5 }, kind: 'range', property: 'options.netns.fd', value: '1.5', rule: FD },
    { netns: { fd: null }, kind: 'type', property: 'options.netns.fd', value: 'null', rule: FD },
    {
      netns: { pid: 1, fd: 3 },
      kind: 'value',
      property: 'options.netns',
      value: '{ pid: 1, fd: 3 }',
      rule: `${NETNS}, but both`,
    },
    {
      netns: { fd: 3, path: '/x' },
      kind: 'value',
      property: 'options.netns.path',
      value: "'path'",
      rule: 'is not a known property',
    },
  ])('open() refuses $netns as a network namespace', async ({ netns, ...expected }) => {
    for (const open of [Ipvs.open, Links.open] as ((options: unknown) => Promise<unknown>)[]) {
      const error: unknown = await open({ netns }).then(
        () => expect.unreachable('a handle was opened'),
        (reason: unknown) => reason,
      );
      expectInputError(error, { subject: 'open', ...expected });
    }
  });
});
