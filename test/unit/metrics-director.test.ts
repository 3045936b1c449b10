import { describe, expect, test } from 'vitest';
import type { DirectorEvent, StateChange } from '../../lib/index.js';
import { Metrics } from '../../lib/metrics/index.js';
import { settled } from './helpers/fake-handle.js';
import { DirectorDouble, sourceOf } from './helpers/metrics-fixture.js';

const SERVICE = 'tcp://10.96.0.1:80';
const DESTINATION = '10.1.1.2:8080';
const changes: readonly StateChange[] = [
  { action: 'add', service: SERVICE },
  { action: 'add', service: SERVICE, destination: DESTINATION },
  { action: 'add', service: SERVICE, destination: '10.1.2.2:8080' },
  { action: 'update', service: SERVICE, destination: DESTINATION },
  { action: 'delete', service: SERVICE },
];
const addresses = {
  added: ['10.96.0.1/32'],
  updated: [],
  removed: ['10.96.0.2/32', 'fd00::1/128'],
};

function open() {
  const director = new DirectorDouble();
  const metrics = new Metrics(sourceOf([]).source, { director });
  const read = async () => {
    await settled();
    const families = (await metrics.collect()).filter(({ name }) => name.includes('director'));
    return Object.fromEntries(
      families.flatMap(({ sampleName, samples }) =>
        samples.map(({ labels, value }) => [
          [sampleName.replace('ipvs_director_', ''), ...Object.values(labels)].join(' '),
          value,
        ]),
      ),
    );
  };
  return { director, metrics, read };
}

describe('the metrics of a director', () => {
  test('are 0 at first, without a time of a sync that never was', async () => {
    const { read, metrics } = open();
    const values = await read();
    expect(Object.values(values).every((value) => value === 0)).toBe(true);
    expect(Object.keys(values)).toHaveLength(9 + 9 + 2 + 5);
    metrics.close();
  });

  test('count changes by object and action, and those that repair drift apart from them', async () => {
    const { director, read, metrics } = open();
    director.emit({ type: 'changed', changes, addresses, diff: 'a text' });
    director.emit({ type: 'changed', changes, addresses, diff: 'a text' });
    const none = { added: [], updated: [], removed: [] };
    director.emit({ type: 'drifted', changes: changes.slice(3, 4), addresses: none, diff: 'a' });
    expect(await read()).toMatchObject({
      'changes_total service add': 2,
      'changes_total destination add': 4,
      'changes_total destination update': 2,
      'changes_total service delete': 2,
      'changes_total destination delete': 0,
      'changes_total address add': 2,
      'changes_total address delete': 4,
      'drifted_changes_total destination update': 1,
      'drifted_changes_total service add': 0,
    });
    metrics.close();
  });

  test('count drained destinations by reason', async () => {
    const { director, read, metrics } = open();
    const drained = { service: SERVICE, destination: DESTINATION };
    const events: DirectorEvent[] = [
      { type: 'drained', destinations: [{ ...drained, reason: 'idle' }] },
      {
        type: 'drained',
        destinations: [
          { ...drained, reason: 'timeout' },
          { ...drained, reason: 'timeout' },
        ],
      },
    ];
    for (const event of events) director.emit(event);
    expect(await read()).toMatchObject({
      'drained_destinations_total idle': 1,
      'drained_destinations_total timeout': 2,
    });
    metrics.close();
  });

  test('have what the director is at now', async () => {
    const { director, read, metrics } = open();
    director.current = {
      ...director.current,
      draining: [
        {
          service: SERVICE,
          destination: DESTINATION,
          activeConnections: 1,
          inactiveConnections: 0,
          deadline: new Date(),
        },
      ],
      refused: [new Error('one'), new Error('two')],
      lastSync: new Date(1_700_000_000_500),
      steps: { count: 8, failures: 3, duration: 250 },
    };
    expect(await read()).toMatchObject({
      draining_destinations: 1,
      refused_changes: 2,
      steps_total: 8,
      failed_steps_total: 3,
      step_seconds_total: 0.25,
      last_sync_timestamp_seconds: 1_700_000_000.5,
    });
    metrics.close();
  });

  test('stay as they are after close() of the metrics or of the director', async () => {
    const { director, read, metrics } = open();
    director.emit({ type: 'changed', changes, addresses, diff: 'a text' });
    await settled();
    metrics.close();
    director.emit({ type: 'changed', changes, addresses, diff: 'a text' });
    expect(await read()).toMatchObject({ 'changes_total service add': 1 });

    const other = open();
    other.director.emit({ type: 'changed', changes, addresses, diff: 'a text' });
    await settled();
    other.director.close();
    expect(await other.read()).toMatchObject({ 'changes_total service add': 1 });
  });
});
