import { describe, expect, test } from 'vitest';
import { expectRow, type InvalidValue, server, TCP, tcp } from './helpers/argument-tables.js';
import type { Call } from './helpers/requests.js';
import { pack, thrownBy, untyped } from './helpers/requests.js';

const { addService, ensureService, updateService, deleteService } = untyped;
const { addDestination, ensureDestination, updateDestination, deleteDestination } = untyped;

describe('a value that is not an object', () => {
  const VALUES: readonly { readonly shown: string; readonly value: unknown }[] = [
    { shown: 'null', value: null },
    { shown: 'undefined', value: undefined },
    { shown: '[]', value: [] },
    { shown: '5', value: 5 },
    { shown: 'true', value: true },
    { shown: '5n', value: 5n },
    { shown: 'Symbol(s)', value: Symbol('s') },
    { shown: '[Function: f]', value: function f() {} },
    { shown: '[class C]', value: class C {} },
  ];
  interface Place {
    readonly operation: string;
    readonly property: string;
    readonly call: (value: unknown) => Call<unknown>;
  }
  const PLACES: readonly Place[] = [
    { operation: 'addService', property: 'service', call: (value) => addService(value) },
    { operation: 'ensureService', property: 'service', call: (value) => ensureService(value) },
    { operation: 'updateService', property: 'service', call: (value) => updateService(value, {}) },
    { operation: 'updateService', property: 'changes', call: (value) => updateService(TCP, value) },
    { operation: 'deleteService', property: 'service', call: (value) => deleteService(value) },
    { operation: 'getService', property: 'service', call: (value) => untyped.getService(value) },
    {
      operation: 'addDestination',
      property: 'service',
      call: (value) => addDestination(value, server),
    },
    {
      operation: 'addDestination',
      property: 'destination',
      call: (value) => addDestination(TCP, value),
    },
    {
      operation: 'ensureDestination',
      property: 'destination',
      call: (value) => ensureDestination(TCP, value),
    },
    {
      operation: 'updateDestination',
      property: 'service',
      call: (value) => updateDestination(value, '10.0.0.2', {}),
    },
    {
      operation: 'updateDestination',
      property: 'destination',
      call: (value) => updateDestination(TCP, value, {}),
    },
    {
      operation: 'updateDestination',
      property: 'changes',
      call: (value) => updateDestination(TCP, '10.0.0.2', value),
    },
    {
      operation: 'deleteDestination',
      property: 'destination',
      call: (value) => deleteDestination(TCP, value),
    },
    {
      operation: 'getDestination',
      property: 'destination',
      call: (value) => untyped.getDestination(TCP, value),
    },
    {
      operation: 'listDestinations',
      property: 'service',
      call: (value) => untyped.listDestinations(value),
    },
  ];
  test.each(PLACES)('$operation refuses it as $property', ({ property, call }) => {
    for (const { shown, value } of VALUES) {
      expectRow(() => call(value), { kind: 'type', property, value: shown, rule: 'an object' });
    }
  });

  test('a promise, as of a forgotten await, is refused', () => {
    const promise: unknown = Promise.resolve({ scheduler: 'rr' });
    for (const call of [
      updateService(TCP, promise),
      updateDestination(TCP, '10.0.0.2', promise),
      addService({ ...tcp, persistence: promise }),
    ]) {
      expect(thrownBy(() => pack(call))).toHaveProperty('code', 'ERR_INVALID_ARG_TYPE');
    }
  });
});

describe('options of deletions', () => {
  interface OptionsRow extends InvalidValue {
    readonly title: string;
    readonly options: unknown;
  }
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
      title: 'options that are true',
      options: true,
      kind: 'type',
      property: 'options',
      value: 'true',
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
      options: { ifExist: true },
      kind: 'value',
      property: 'options.ifExist',
      value: "'ifExist'",
      rule: 'did you mean ifExists?',
    },
    {
      title: 'ifExists 1',
      options: { ifExists: 1 },
      kind: 'type',
      property: 'options.ifExists',
      value: '1',
      rule: 'is not a boolean',
    },
    {
      title: 'ifExists null',
      options: { ifExists: null },
      kind: 'type',
      property: 'options.ifExists',
      value: 'null',
      rule: 'is not a boolean',
    },
    {
      title: 'ifExists in text',
      options: { ifExists: 'true' },
      kind: 'type',
      property: 'options.ifExists',
      value: "'true'",
      rule: 'is not a boolean',
    },
  ])('deletions refuse $title', ({ options, ...row }) => {
    expectRow(() => deleteService(TCP, options), row);
    expectRow(() => deleteDestination(TCP, '10.0.0.2', options), row);
  });

  test('the options decide whether absence is an error', () => {
    const forgiving = { ifExists: true };
    const answers = (call: Call<unknown>) => {
      pack(call);
      return call.decoder?.().errnoValues;
    };
    expect(answers(deleteService(TCP, forgiving))).toEqual({ ESRCH: false });
    expect(answers(deleteDestination(TCP, '10.0.0.2', forgiving))).toEqual({
      ESRCH: false,
      ENOENT: false,
    });
    for (const options of [undefined, {}, { ifExists: undefined }, { ifExists: false }]) {
      expect(answers(deleteService(TCP, options))).toBeUndefined();
      expect(answers(deleteDestination(TCP, '10.0.0.2', options))).toBeUndefined();
    }
  });
});
