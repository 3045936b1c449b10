import { describe, expect, test } from 'vitest';
import { Ipvs } from '../../lib/index.js';
import type { InvalidValue } from './helpers/argument-tables.js';
import { expectInputError } from './helpers/requests.js';

describe('options of open()', () => {
  interface OptionsRow extends InvalidValue {
    readonly title: string;
    readonly options: unknown;
  }
  const PATH = 'is not a Namespace, the path of a network namespace';
  // The bad ones are what is tested.
  const open = Ipvs.open as (options: unknown) => Promise<Ipvs>;

  test.each<OptionsRow>([
    {
      title: 'options that are null',
      options: null,
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'a path alone',
      options: '/run/netns/blue',
      kind: 'type',
      property: 'options',
      value: "'/run/netns/blue'",
      rule: 'is not an object',
    },
    {
      title: 'options that are an array',
      options: [],
      kind: 'type',
      property: 'options',
      value: '[]',
      rule: 'is not an object',
    },
    {
      title: 'a typo',
      options: { netn: '/x' },
      kind: 'value',
      property: 'options.netn',
      value: "'netn'",
      rule: 'did you mean netns?',
    },
    {
      title: 'netns that is a number',
      options: { netns: 3 },
      kind: 'type',
      property: 'options.netns',
      value: '3',
      rule: PATH,
    },
    {
      title: 'netns: null',
      options: { netns: null },
      kind: 'type',
      property: 'options.netns',
      value: 'null',
      rule: PATH,
    },
    {
      title: 'an empty netns',
      options: { netns: '' },
      kind: 'value',
      property: 'options.netns',
      value: "''",
      rule: PATH,
    },
    {
      title: 'a netns with a NUL',
      options: { netns: '/run\0' },
      kind: 'value',
      property: 'options.netns',
      value: "'/run\\x00'",
      rule: PATH,
    },
    {
      title: 'netns that is a Buffer',
      options: { netns: Buffer.from('/x') },
      kind: 'type',
      property: 'options.netns',
      value: 'Buffer(2) [Uint8Array] [ 47, 120 ]',
      rule: PATH,
    },
  ])('open() refuses $title', async ({ options, kind, property, value, rule }) => {
    const error: unknown = await open(options).then(
      () => expect.unreachable('a handle was opened'),
      (reason: unknown) => reason,
    );
    expectInputError(error, { subject: 'open', kind, property, value, rule });
  });
});
