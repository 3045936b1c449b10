import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../lib/cli/command.js';
import { commands } from '../../lib/cli/commands.js';
import { runProgram } from '../../lib/cli/program.js';

/** Runs a subcommand in this process. */
async function ipvs(...args: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end('services: []');
  // The streams of a process that is connected to pipes.
  const context = { stdin, stdout, stderr, env: {} } as unknown as Context;
  const status = await runProgram(args, context);
  const textOf = (stream: PassThrough) => String(stream.read() ?? '');
  return { status, output: textOf(stdout), errors: textOf(stderr) };
}

describe('the command', () => {
  test('prints the list of commands if it has no argument', async () => {
    const { status, output, errors } = await ipvs();
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    expect(output).toMatch(/^Usage: ipvs COMMAND/);
    expect(await ipvs('help')).toEqual({ status, output, errors });
  });

  test.each(commands.map(({ name }) => name))(
    'prints the same help of %s in each way',
    async (name) => {
      const { status, output, errors } = await ipvs(name, '--help');
      expect({ status, errors }).toEqual({ status: 0, errors: '' });
      expect(output).toMatch(new RegExp(`^Usage: ipvs ${name} `));
      expect(await ipvs('help', name)).toEqual({ status, output, errors });
      expect(await ipvs(name, '-h')).toEqual({ status, output, errors });
    },
  );

  test('prints its version', async () => {
    const { output } = await ipvs('version');
    expect(output).toMatch(/^ipvs \d+\.\d+\.\d+\n$/);
  });

  test.each([
    [['lst'], "ipvs: 'lst' is not a command: did you mean list?\nTry 'ipvs help'.\n"],
    [['frobnicate'], "ipvs: 'frobnicate' is not a command\nTry 'ipvs help'.\n"],
    [
      ['help', 'lst'],
      "ipvs help: 'lst' is not a command: did you mean list?\nTry 'ipvs help --help'.\n",
    ],
    [
      ['list', '--jsn'],
      "ipvs list: --jsn is not a known option: did you mean --json?\nTry 'ipvs list --help'.\n",
    ],
    [['list', '--stats', '--rate'], /^ipvs list: --stats does not go with --rate/],
    [
      ['connections', '--by', 'state', '--count'],
      /^ipvs connections: --by does not go with --count/,
    ],
    [
      ['connections', '--by', 'sate'],
      /^ipvs connections: --by: 'sate' is not one of .*: did you mean state\?/,
    ],
    [
      ['apply', '--max-deletions', '-1', '-'],
      /^ipvs apply: --max-deletions: '-1' is not an integer/,
    ],
    [
      ['apply', '--prune', 'prt=1', '-'],
      /^ipvs apply: --prune 'prt=1': 'prt' is not .*: did you mean port\?/,
    ],
    [['director', '-'], /^ipvs director: --owns or --link is missing/],
    [['director', '--link', 'vip0', '--resync', '0', '-'], /^ipvs director: --resync: '0' is not/],
    [['save', '--format', 'toml'], /^ipvs save: --format: 'toml' is not one of yaml, json, rules/],
    [['save', '--json', '--format', 'rules'], /^ipvs save: --json does not go with --format/],
    [['save', '--exact'], /^ipvs save: --exact goes with --format rules only/],
    [['completion', 'fish'], /^ipvs completion: SHELL: 'fish' is not one of bash, zsh/],
  ])('refuses %j with the status of bad usage', async (args, message) => {
    const { status, output, errors } = await ipvs(...args);
    expect({ status, output }).toEqual({ status: 2, output: '' });
    if (typeof message === 'string') expect(errors).toBe(message);
    else expect(errors).toMatch(message);
  });

  test('names the file that cannot be read, or used', async () => {
    expect(await ipvs('diff', '/absent.yaml')).toEqual({
      status: 2,
      output: '',
      errors: expect.stringMatching(
        /^ipvs diff: \/absent\.yaml: cannot be read: ENOENT: [^\n]+\n$/,
      ),
    });
  });
});
