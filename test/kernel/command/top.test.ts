import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../helpers/poll.js';
import { build, root } from '../helpers/programs.js';
import { balance, furnish, PORT, SERVER, SERVER6, VIRTUAL, VIRTUAL6 } from '../helpers/scene.js';
import { type TerminalState, Tmux } from '../helpers/tmux.js';
import { Traffic } from '../helpers/traffic.js';
import { run, useNamespace } from '../helpers/use-namespace.js';

const fixture = useNamespace();
const DNS = `udp://${VIRTUAL}:53`;
const WEB = `tcp://[${VIRTUAL6}]:80`;

let traffic: Traffic;

beforeAll(async () => {
  build();
  furnish(fixture.namespace);
  traffic = new Traffic(fixture.namespace);
  await traffic.listen('udp', [SERVER, PORT]);
});
afterAll(() => traffic.stop());
beforeEach(async () => {
  await fixture.ipvs.flush();
  await balance(fixture.ipvs, [
    [
      { protocol: 'udp', address: VIRTUAL, port: 53 },
      { address: SERVER, port: PORT, weight: 7 },
      { address: '10.0.0.3', port: PORT, weight: 0 },
    ],
    [{ protocol: 'tcp', address: VIRTUAL6, port: 80 }, { address: SERVER6 }],
  ]);
});

/** Sends a packet of 128 bytes every few milliseconds, which are echoed, until `task` ends. */
async function withTraffic<Value>(task: () => Promise<Value>): Promise<Value> {
  let isDone = false;
  const sending = (async () => {
    while (!isDone) {
      const data = 'x'.repeat(100);
      await traffic.connect({ protocol: 'udp', to: [VIRTUAL, 53], data, end: true });
      await sleep(5);
    }
  })();
  try {
    return await task();
  } finally {
    isDone = true;
    await sending;
  }
}

describe('in a terminal', () => {
  let tmux: Tmux;
  beforeEach(async () => {
    tmux = new Tmux(80, 24);
    await until(
      () => tmux.lines[0],
      (line) => line?.startsWith('ready>') === true,
    );
    initial = tmux.state;
    expect(initial).toEqual({ isAlternate: false, hasCursor: true, wraps: true, isCooked: true });
  });
  afterEach(() => tmux.close());
  let initial: TerminalState;

  const command = (options = '') =>
    `node ${root}/dist/cli.cjs top --netns ${fixture.namespace.name} ${options}`;
  const linesWith = (wanted: (lines: readonly string[]) => boolean) =>
    until(() => tmux.lines, wanted);

  /** Starts the command, and waits for its first frame. */
  async function start(options = '', environment = ''): Promise<void> {
    tmux.type(`${environment} ${command(options)}; echo "status $?"`);
    await linesWith(([status]) => status?.startsWith('ipvs top') === true);
  }

  /** Waits until the command has ended, and returns its exit status. */
  async function status(): Promise<string | undefined> {
    const lines = await linesWith((all) => all.some((line) => /^status \d+$/.test(line)));
    expect(tmux.state).toEqual(initial);
    return lines.find((line) => line.startsWith('status '))?.slice('status '.length);
  }

  const pid = () =>
    run('pgrep', ['-f', `^node .*dist/cli.cjs top --netns ${fixture.namespace.name}`]);

  test('it shows rates of services and destinations', async () => {
    await start('--sort name');
    const lines = await withTraffic(() =>
      linesWith((all) => / [1-9]\d* +[1-9]\d* +[1-9]\d* +[1-9]\d* +[1-9]\d*$/.test(all[4] ?? '')),
    );
    expect(lines.slice(1, 8).map((line) => line.split(/ {2,}/, 3).slice(1))).toEqual([
      ['Service, destination', 'Weight Active InAct'],
      ['all services', '8'],
      ['7', '0'],
      [`${SERVER}:8080 masquerade`, '7'],
      ['10.0.0.3:8080 masquerade', '0'],
      ['1', '0'],
      [`[${SERVER6}]:80 masquerade`, '1'],
    ]);
    expect(lines[3]).toContain(`- ${DNS} rr `);
    expect(lines[6]).toContain(`- ${WEB} rr `);
    expect(tmux.state).toEqual({
      isAlternate: true,
      hasCursor: false,
      wraps: false,
      isCooked: false,
    });
    await linesWith((all) => /( +0){5}$/.test(all[3] ?? ''));
    tmux.press('q');
    expect(await status()).toBe('0');
  });

  test('keys sort, filter, hide and show', async () => {
    await start('--sort name');
    const firsts = (lines: readonly string[]) =>
      lines.slice(3).map((line) =>
        line
          .trim()
          .split(' ')
          .find((word) => word.length > 1),
      );
    tmux.press('r');
    await linesWith((lines) => firsts(lines)[0] === WEB);
    tmux.press('Enter');
    await linesWith((lines) => lines[3]?.startsWith('+') === true && firsts(lines)[1] === DNS);
    tmux.press('a');
    await linesWith((lines) => firsts(lines)[2] === undefined);
    tmux.press('a', '>', '/', '1', '0', '.', '0', '.', '0', '.', '3');
    await linesWith((lines) => lines.at(-2)?.startsWith('Filter: 10.0.0.3_') === true);
    tmux.press('Enter');
    const lines = await linesWith((all) => all.at(-2)?.startsWith('Filter: 10.0.0.3 ') === true);
    expect(firsts(lines).slice(0, 3)).toEqual([DNS, '10.0.0.3:8080', undefined]);
    expect(lines[0]).toContain('  by weight, reversed  ');
    tmux.press('C-c');
    expect(await status()).toBe('0');
  });

  test('it fits into a window that changes its size', async () => {
    await start();
    for (const [columns, rows] of [
      [132, 30],
      [80, 6],
      [40, 10],
    ] as const) {
      tmux.resize(columns, rows);
      await linesWith(
        (all) =>
          all[0]?.startsWith('ipvs top') === true &&
          /^ {2}Service, destination .* InBPS/.test(all[1] ?? '') &&
          all[rows - 1]?.startsWith('q quit') === true,
      );
    }
    tmux.press('q');
    expect(await status()).toBe('0');
  });

  test.each([
    ['SIGTERM', '143'],
    ['SIGHUP', '129'],
  ])('it restores the terminal after %s, which ends it', async (signal, exit) => {
    await start();
    run('kill', [`-${signal}`, pid().trim()]);
    expect(await status()).toBe(exit);
  });

  test('it restores the terminal after SIGINT, which ends it', async () => {
    await start();
    run('kill', ['-SIGINT', pid().trim()]);
    await linesWith((lines) => lines.some((line) => line === 'ready>'));
    // Bash does not execute the rest of the line.
    tmux.type('echo "status $?"');
    expect(await status()).toBe('130');
  });

  test('it restores the terminal after an error that nobody handles', async () => {
    const code = "process.on('SIGUSR2',()=>{throw new Error('unforeseen')})";
    const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
    await start('', `NODE_OPTIONS="--import=${url}"`);
    run('kill', ['-USR2', pid().trim()]);
    expect(await status()).toBe('1');
    expect(tmux.lines.join('\n')).toContain('Error: unforeseen');
  });

  test('it restores the terminal while it is stopped, and goes on afterwards', async () => {
    await start();
    for (const stop of [() => tmux.press('C-z'), () => run('kill', ['-TSTP', pid().trim()])]) {
      stop();
      await linesWith((lines) => lines.some((line) => line.includes('Stopped')));
      expect(tmux.state).toEqual(initial);
      tmux.type('clear; fg');
      await linesWith(([line]) => line?.startsWith('ipvs top') === true);
      await until(
        () => tmux.state,
        ({ isAlternate, isCooked }) => isAlternate && !isCooked,
      );
    }
    tmux.press('q');
    await linesWith((lines) => lines.at(-1) !== undefined);
    await until(
      () => tmux.state,
      ({ isAlternate }) => !isAlternate,
    );
    expect(tmux.state).toEqual(initial);
  });

  test('it draws the screen again after it was stopped without notice', async () => {
    await start();
    run('kill', ['-STOP', pid().trim()]);
    await linesWith((lines) => lines.some((line) => line.includes('Stopped')));
    tmux.type('fg');
    await linesWith((lines) => lines[0]?.startsWith('ipvs top') === true && lines[1] !== '');
    tmux.press('q');
    await until(
      () => tmux.state,
      ({ isAlternate }) => !isAlternate,
    );
    expect(tmux.state).toEqual(initial);
  });

  test('it uses no colours if NO_COLOR is set', async () => {
    await start();
    expect(tmux.coloured).toContain('\x1b[36m');
    expect(tmux.coloured).toContain('\x1b[33m');
    tmux.press('q');
    await status();
    tmux.type('clear');
    await start('', 'NO_COLOR=1');
    expect(tmux.coloured).not.toContain('\x1b[36m');
    expect(tmux.coloured).not.toContain('\x1b[33m');
  });

  test('it ends after --count intervals', async () => {
    await start('--count 1');
    expect(await status()).toBe('0');
  });

  test('it shows any part of ten thousand destinations', async () => {
    const service = { protocol: 'tcp', address: '10.96.0.9', port: 80 } as const;
    await fixture.ipvs.batch((b) => {
      b.addService(service);
      for (let index = 0; index < 10_000; index++) {
        b.addDestination(service, { address: `10.7.${index >> 8}.${index & 255}` });
      }
    });
    await start('--sort name');
    await linesWith(([line]) => line?.includes('3 services, 10003 destinations') === true);
    tmux.press('Home', 'PPage', 'NPage');
    await linesWith((lines) => lines.at(-2)?.endsWith('-21/10006') === true);
    tmux.press('/', '3', '9', '.', '1', '5', ':', 'Enter');
    const lines = await linesWith((all) => all[4]?.includes('10.7.39.15:80') === true);
    expect(lines[5]).toBe('');
    tmux.press('q');
    expect(await status()).toBe('0');
  });
});

describe('without a terminal', () => {
  const top = (...args: string[]) =>
    run('node', [`${root}/dist/cli.cjs`, 'top', '--netns', fixture.namespace.path, ...args]);

  test('it prints rows of text', () => {
    const lines = top('--sort', 'name').split('\n');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}2 services, 3 destinations$/);
    expect(lines.slice(3, 6).map((line) => line.trimStart().replace(/ +/g, ' '))).toEqual([
      // The connections of the tests before have come back with the destination.
      expect.stringMatching(/^udp:\/\/10\.96\.0\.1:53 rr 7 0 \d+ 0 0 0 0 0$/),
      expect.stringMatching(/^10\.0\.0\.2:8080 masquerade 7 0 \d+ 0 0 0 0 0$/),
      '10.0.0.3:8080 masquerade 0 0 0 0 0 0 0 0',
    ]);
  });

  test('it prints a line of JSON for each interval', () => {
    const documents = top('--json', '--count', '2', '--filter', 'udp')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents).toHaveLength(2);
    for (const { services, elapsed } of documents) {
      // Less than the interval if the sample before was late.
      expect(elapsed).toBeGreaterThan(0);
      expect(services).toMatchObject([{ service: DNS, rates: { connections: 0 } }]);
    }
  });

  test('it says why it fails', () => {
    const fail =
      (...args: string[]) =>
      () =>
        top(...args);
    expect(fail('--interval', '1')).toThrow(/status 2: [\s\S]*--interval: '1' is not a number of/);
    expect(fail('--sort', 'inbp')).toThrow(/status 2: [\s\S]*did you mean inbps/);
    expect(() => run('node', [`${root}/dist/cli.cjs`, 'top', '--netns', 'missing'])).toThrow(
      /status 1: [\s\S]*ipvs top: open[\s\S]*missing/,
    );
  });
});
