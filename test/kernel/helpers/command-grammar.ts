/**
 * Random command lines of ipvsadm's grammar: most are wrong in some way, as typed ones are.
 * @module
 */
import fc from 'fast-check';
import { wordsOf } from './command-lines.js';
import { LINES } from './ipvsadm-lines.js';

const addresses = [
  '10.0.0.1:80',
  '10.0.0.2:80',
  '[fd00::1]:80',
  '[fd00::2]:443',
  '10.0.0.1',
  'fd00::1',
  '10.0.0.1:http',
  '10.0.0.1:0',
  'bogus',
];
const servers = ['10.1.0.1:80', '10.1.0.2:8080', '10.1.0.3', '[fd00::9]:80', 'fd00::9', '', '99'];
const numbers = [
  '0',
  '1',
  '5',
  '255',
  '256',
  '65535',
  '65536',
  '2147483648',
  '-1',
  'x',
  "''",
  '+7',
];

/** Options with their values, each as likely as it is listed often. */
const options: readonly (readonly [string, readonly string[]])[] = [
  ['-s', ['rr', 'wlc', 'sh', 'mh', 'nosuch', "''"]],
  ['--scheduler=', ['rr', 'sh']],
  ['-p', ['', '1', '300', '0', 'x']],
  ['-M', ['255.255.255.0', '24', '64', '129', '0.0.0.0']],
  ['--pe', ['sip', 'nosuch']],
  ['-b', ['sh-port', 'mh-port', 'flag-1', 'flag-1,flag-2', 'sh-port,sh-fallback', 'x']],
  ['-o', ['']],
  ['-r', servers],
  ['-r', servers],
  ['-m', ['']],
  ['-g', ['']],
  ['-i', ['']],
  ['-w', numbers],
  ['-w', ['0', '1', '3']],
  ['-x', numbers],
  ['-y', numbers],
  ['--tun-type', ['ipip', 'gue', 'gre', 'x']],
  ['--tun-port', numbers],
  ['--tun-csum', ['']],
  ['--tun-nocsum', ['']],
  ['--tun-remcsum', ['']],
  ['-n', ['']],
  ['-6', ['']],
  ['--stats', ['']],
  ['--rate', ['']],
  ['--exact', ['']],
  ['--thresholds', ['']],
  ['--persistent-conn', ['']],
  ['--tun-info', ['']],
  ['--nosort', ['']],
  ['--sort', ['']],
  ['-c', ['']],
  ['--timeout', ['']],
  ['--daemon', ['']],
  ['--syncid', numbers],
  ['--mcast-ttl', numbers],
  ['extra', ['']],
  ['--bogus', ['']],
];

const selector = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...addresses).map((address) => `-t ${address}`) },
  { weight: 2, arbitrary: fc.constantFrom(...addresses).map((address) => `-u ${address}`) },
  { weight: 1, arbitrary: fc.constantFrom(...addresses).map((a) => `--sctp-service ${a}`) },
  { weight: 3, arbitrary: fc.constantFrom('-f 1', '-f 2 -6', '-f 0', '-f 3', '-6 -f 4') },
);

const option = fc
  .constantFrom(...options)
  .chain(([name, values]) =>
    fc
      .constantFrom(...values)
      .map((value) => (name.endsWith('=') ? name + value : `${name} ${value}`)),
  );

/** The options that go with commands, so that some lines are right. */
const fitting: readonly (readonly [string, readonly string[]])[] = [
  ['-A', ['-s rr', '-p 60', '-M 255.255.0.0', '-o', '-b flag-1', '-s sh', '-b sh-port', '-p']],
  ['-E', ['-s wrr', '-p 60', '-M 64', '-b flag-2', '-s mh']],
  ['-a', ['-r 10.1.0.1:80', '-r 10.1.0.2', '-r [fd00::9]:80', '-m', '-i', '-w 5', '-x 9 -y 2']],
  ['-a', ['-r 10.1.0.2:81 -m', '-i --tun-type gre', '-i --tun-type gue --tun-port 9', '-w 0']],
  ['-e', ['-r 10.1.0.1:80', '-r 10.1.0.2 -m', '-w 7', '-g', '-y 4']],
  ['-d', ['-r 10.1.0.1:80', '-r 10.1.0.2', '-r fd00::9']],
];

const fitted = fc
  .constantFrom(...fitting)
  .chain(([command, its]) =>
    fc
      .tuple(selector, fc.subarray([...its], { minLength: 1, maxLength: 3 }), fc.nat(3))
      .map(([service, chosen, place]) =>
        [command, ...chosen.slice(0, place), service, ...chosen.slice(place)].join(' '),
      ),
  );

const free = fc
  .tuple(
    fc.constantFrom('-A', '-E', '-D', '-a', '-e', '-d', '-L', '-S', '-Z', '-C', '-Ln', '-x'),
    fc.array(fc.oneof({ weight: 1, arbitrary: selector }, { weight: 2, arbitrary: option }), {
      maxLength: 4,
    }),
  )
  .map(([command, parts]) => [command, ...parts].join(' '));

/** Returns random lines. */
export const randomLines = (count: number, seed: number): string[] =>
  fc.sample(fc.oneof({ weight: 3, arbitrary: fitted }, { weight: 2, arbitrary: free }), {
    numRuns: count,
    seed,
  });

/** Lines to mutate: without quotes, without names that a resolver is asked for, without daemons. */
const plain = LINES.filter((line) => !/'|[a-z]{4,}[^ ]*:|localhost|-daemon|nosuchhost/.test(line));
const words = [...new Set(plain.flatMap(wordsOf))];

/** A change of a line: of a word as a whole, or of a character in it. */
const mutation = fc.record({
  place: fc.nat(20),
  kind: fc.constantFrom('remove', 'insert', 'replace', 'swap', 'add', 'cut'),
  word: fc.constantFrom(...words),
  character: fc.constantFrom(...'0123456789:.,-=[]/abfnprstwx6L'),
  at: fc.nat(20),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutate(line: readonly string[], { place, kind, word, character, at }: Mutation): string[] {
  const index = place % Math.max(line.length, 1);
  const old = line[index] ?? '';
  const cut = at % (old.length + 1);
  const around = (...between: readonly string[]) => [
    ...line.slice(0, index),
    ...between.filter((each) => each !== ''),
    ...line.slice(index + 1),
  ];
  switch (kind) {
    case 'remove':
      return around();
    case 'insert':
      return around(word, old);
    case 'replace':
      return around(word);
    case 'swap':
      return [
        ...line.slice(0, index),
        ...line.slice(index, index + 2).reverse(),
        ...line.slice(index + 2),
      ];
    case 'add':
      return around(old.slice(0, cut) + character + old.slice(cut));
    case 'cut':
      return around(old.slice(0, cut) + old.slice(cut + 1));
  }
}

/** Returns lines of the table that are a little wrong. */
export const mutatedLines = (count: number, seed: number): string[] =>
  fc.sample(
    fc
      .tuple(fc.constantFrom(...plain), fc.array(mutation, { minLength: 1, maxLength: 3 }))
      .map(([line, mutations]) => mutations.reduce(mutate, wordsOf(line)).join(' '))
      // A name would be looked up.
      .filter((line) => !/[a-z]{4,}[^ ]*:|-daemon/.test(line)),
    { numRuns: count, seed },
  );
