/**
 * What programs in the wild call and look for, with the command under the name `ipvsadm`: each part
 * is a program of our own that does what the other one does.
 */
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { build, root } from '../helpers/programs.js';
import { useNamespace } from '../helpers/use-namespace.js';

const fixture = useNamespace();
let folder = '';
let ipvsadm = '';

beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'ipvs-users-'));
  ipvsadm = join(folder, 'ipvsadm');
  const command = join(root, 'dist/cli.cjs');
  // npm does so when it installs the package.
  chmodSync(command, 0o755);
  symlinkSync(command, ipvsadm);
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => fixture.ipvs.flush());

/** What a program prints, and its exit status. */
interface Outcome {
  readonly output: string;
  readonly errors: string;
  readonly status: number;
}

/** Runs a shell script in the namespace, in which $IPVSADM is the command. */
function shell(script: string): Outcome {
  const wrapped = `PATH="$1:$PATH"; (${script}\n) 2>"$1/errors"; s=$?; echo; echo "$s"`;
  const text = fixture.namespace.run('bash', ['-c', wrapped, 'bash', folder]);
  const [, output = '', status = ''] = /^(.*)\n(\d+)\n$/s.exec(text) ?? [];
  const errors = fixture.namespace.run('cat', [join(folder, 'errors')]);
  return { output, errors, status: Number(status) };
}

/** Runs the command with words that need no quotes. */
const call = (words: string) => shell(`ipvsadm ${words}`);

describe("Salt's module lvs", () => {
  const service = '-t 10.0.0.1:80';
  /** Returns true, or the error text, as the module does. */
  const done = ({ status, errors }: Outcome) => (status === 0 ? true : errors.trim());
  /** Looks for a piece of a rule, with a blank behind it unless there are settings. */
  const finds = (piece: string) => call('-S -n').output.includes(piece);

  test('adds, edits, finds and deletes services and servers', () => {
    expect(done(call(`-A  ${service} -s rr`))).toBe(true);
    expect(done(call(`-A  ${service} -s rr`))).toBe('Service already exists');
    expect(finds(` ${service} `)).toBe(true);
    expect(finds(` ${service} -s rr`)).toBe(true);
    expect(done(call(`-E  ${service} -s wrr`))).toBe(true);
    expect(finds(` ${service} -s rr`)).toBe(false);

    const server = `${service} -r 192.168.0.11:8080`;
    expect(done(call(`-a  ${server} -m -w 1`))).toBe(true);
    expect(done(call(`-a  ${server} -m -w 1`))).toBe('Destination already exists');
    expect(finds(` ${server} `)).toBe(true);
    expect(finds(` ${server} -m -w 1`)).toBe(true);
    expect(done(call(`-e  ${server} -m -w 7`))).toBe(true);
    expect(finds(` ${server} -m -w 1`)).toBe(false);
    expect(done(call(`-d  ${server}`))).toBe(true);
    expect(done(call(`-d  ${server}`))).toBe('No such destination');
    expect(done(call(`-D  ${service}`))).toBe(true);
    expect(done(call(`-D  ${service}`))).toBe('No such service');
    expect(done(call('-a  -t 10.0.0.9:80 -r 10.1.0.1:80 -g -w 1'))).toBe('Service not defined');
  });

  test('lists, zeroes and clears', () => {
    call('-A  -f 7 -s sh');
    call('-a  -f 7 -r 10.1.0.1:0 -g -w 1');
    expect(call('-L  -f 7 -n').output.trim().split('\n').at(-1)).toBe(
      '  -> 10.1.0.1:0                   Route   1      0          0',
    );
    expect(done(call('-Z '))).toBe(true);
    expect(done(call('-C'))).toBe(true);
    expect(call('-S -n').output.trim()).toBe('');
  });
});

test("OpenNebula's virtual router finds mark, host and port of each server", () => {
  call('-A -f 1 -s wlc');
  call('-a -f 1 -r 10.1.0.1:8080 -m -w 1');
  call('-a -f 1 -r 10.1.0.2:80 -m -w 1');
  const triplets = call('--save')
    .output.split('\n')
    .filter((line) => line.startsWith('-a '))
    .map((line) => [/\s-f\s+(\d+)\s/.exec(line)?.[1], /\s-r\s+(\S+):(\S+)\s/.exec(line)?.slice(1)]);
  expect(triplets).toEqual([
    ['1', ['10.1.0.1', '8080']],
    ['1', ['10.1.0.2', '80']],
  ]);
});

test("k0s's tests find the servers of a virtual address", () => {
  call('-A -t 10.0.0.1:6443 -s rr -p 360');
  call('-a -t 10.0.0.1:6443 -r 10.1.0.1');
  expect(call('--save -n').output).toContain('-a -t 10.0.0.1:6443 -r 10.1.0.1');
});

test('check_lvs_pool counts the servers of a virtual service by their lines', () => {
  call('-A -t 10.0.0.1:80 -s rr');
  for (const host of [1, 2, 3]) call(`-a -t 10.0.0.1:80 -r 10.1.0.${host}:80 -g`);
  const count = (address: string) =>
    Number(shell(`ipvsadm -L -n -t ${address} | tail -n +4 | grep -c -- '->'`).output);
  expect(count('10.0.0.1:80')).toBe(3);
  expect(count('10.0.0.2:80')).toBe(0);
  expect(call('-L -n -t 10.0.0.2:80')).toMatchObject({ status: 1, errors: 'No such service\n' });
});

test('Diamond reads exact counters by columns', () => {
  call('-A -t 10.0.0.1:80 -s rr');
  call('-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g');
  const rows = call('--list --stats --numeric --exact').output.split('\n').slice(3);
  const columns = rows.filter((row) => row !== '').map((row) => row.split(/\s+/));
  expect(columns.map((row) => row.slice(-5))).toEqual([
    ['0', '0', '0', '0', '0'],
    ['0', '0', '0', '0', '0'],
  ]);
  expect(columns.map((row) => row.slice(0, -5).join(' '))).toEqual([
    'TCP 10.0.0.1:80',
    ' -> 10.1.0.1:80',
  ]);
});

test('PyBal pipes changes into -R, and ipvsadm-restore whole rules', () => {
  const changes = ['-C', '-A -t 10.0.0.1:80 -s wrr', '-a -t 10.0.0.1:80 -r 10.1.0.1 -w 10'];
  expect(
    shell(`printf '%s\\n' ${changes.map((line) => `'${line}'`).join(' ')} | ipvsadm -R`),
  ).toEqual({ output: '', errors: '', status: 0 });
  const rules = '-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 10';
  expect(call('-Sn').output).toContain(rules);
  expect(shell('ipvsadm -Sn >$1/rules; ipvsadm -C; ipvsadm -R <$1/rules').status).toBe(0);
  expect(fixture.namespace.saved()).toContain(rules);
});

describe('a process', () => {
  test('has the name by which it was called in its messages', () => {
    const link = join(folder, 'ipvsadm');
    expect(shell(`${link} bogus`)).toEqual({
      output: '',
      errors: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
      status: 255,
    });
    expect(shell(`node ${root}/dist/cli.cjs -x`).errors).toContain("Try `ipvs -h'");
    expect(call('').output).toContain('IP Virtual Server version');
  });

  test('makes the mistakes of ipvsadm only with IPVS_COMPAT=1', () => {
    call('-A -f 4294967295');
    call('-a -f 4294967295 -r 10.1.0.1 -x 9');
    expect(call('-Sn').output).toContain('-a -f 4294967295 -r 10.1.0.1:0 -g -w 1 -x 9 -y 0\n');
    expect(shell('IPVS_COMPAT=1 ipvsadm -Sn').output).toBe(`${fixture.namespace.ipvsadm('-Sn')}`);
  });

  test('ends quietly when its reader goes', async () => {
    // More than fits into a pipe.
    await fixture.ipvs.batch((b) => {
      for (let fwmark = 1; fwmark <= 10_000; fwmark++) b.addService({ fwmark });
    });
    const { output, errors } = shell('{ ipvsadm -Ln; echo $? >&2; } | head -1');
    expect(output).toMatch(/^IP Virtual Server version [\d.]+ \(size=\d+\)\n?$/);
    expect(errors).toBe('141\n');
  });

  test('executes a line of -R before the next one comes', () => {
    const script = `mkfifo $1/fifo; ipvsadm -R <$1/fifo & exec 3>$1/fifo
      echo '-A -f 5' >&3
      for i in $(seq 600); do /sbin/ipvsadm -Sn | grep -q -- '-f 5' && break; sleep 0.1; done
      /sbin/ipvsadm -Sn; echo '-A -f 6' >&3; exec 3>&-; wait $!; echo "status $?"; rm $1/fifo`;
    expect(shell(script).output).toBe('-A -f 5 -s wlc\nstatus 0\n');
    expect(fixture.namespace.saved()).toEqual(['-A -f 5 -s wlc', '-A -f 6 -s wlc']);
  });

  test('passes on bytes that are no text', () => {
    const { errors, status } = shell("ipvsadm -A -f $'\\xff\\xe9'");
    expect([status, errors.length]).toEqual([2, "invalid fwmark value `??' specified\n".length]);
  });
});
