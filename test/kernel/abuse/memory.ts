import { readFileSync } from 'node:fs';
import { Ipvs } from 'ipvs';
import { run } from '../helpers/namespace.js';
import { Child, type Ending } from './children.js';
import type { Scenario } from './scenario.js';
import type { Counts } from './tally.js';
import { linesOf, wantedTable } from './wanted.js';

const SERVICES = 10;
const DESTINATIONS = 1000;
const OPERATIONS = 30;
const MIB = 2 ** 20;

/** The memory of a process in MiB: a heap, or address space beyond that after the warm-up. */
const spares = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64] as const;
const heaps = [16, 20, 24, 32, 48] as const;

/**
 * Returns true if Node.js ended the process: V8 does if its heap cannot grow, and the C++ of Node.js
 * if `new` fails in it. Both report that there is no memory; a wild pointer of the addon would not.
 */
const endedByNode = ({ signal, said }: Ending) =>
  signal !== 'SIGSEGV' && signal !== 'SIGBUS' && /FATAL ERROR|out of memory|bad_alloc/i.test(said);

const addressSpace = (pid: number) =>
  Number(/^VmSize:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

function limit(pid: number, bytes: number | string): void {
  run('prlimit', ['--pid', String(pid), `--as=${bytes}:`]);
}

export const memory: Scenario = {
  name: 'memory',
  about: 'processes without memory: right answers, clear errors, or an end that Node.js chose',
  length: { full: 50, quick: 4 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const wanted = wantedTable(SERVICES, DESTINATIONS, 1);
    const ipvs = await Ipvs.open({ netns: namespace.path });
    await Promise.all(
      wanted.flatMap(({ config, destinations }) => [
        ipvs.addService(config),
        ...destinations.map((each) => ipvs.addDestination(config, each)),
      ]),
    );
    let lived = 0;

    for await (const round of context.rounds()) {
      const spare = round % 4 === 3 ? undefined : random.pick(spares);
      const execArgv = spare === undefined ? [`--max-old-space-size=${random.pick(heaps)}`] : [];
      const args = [
        namespace.path,
        OPERATIONS,
        random.seed(),
        SERVICES,
        DESTINATIONS,
        random.below(3),
      ];
      const child = new Child('starved', args, { execArgv });
      const { pid } = child.process;
      const isWarm = (await child.hear()) !== undefined;
      if (isWarm && pid !== undefined) {
        if (spare !== undefined) limit(pid, addressSpace(pid) + spare * MIB);
        child.say('work');
        const counts = await child.hear<Counts>();
        if (counts !== undefined) {
          lived++;
          tally.add(counts);
          if (spare !== undefined) limit(pid, 'unlimited');
          child.say('show that all is well');
          const shown = await child.hear<Counts>();
          if (shown === undefined) tally.fault('it did not work again with memory to spare');
          else tally.add(shown);
        }
      }
      const ending = await child.ended;
      if (ending.code !== 0) {
        tally.count('ended by Node.js');
        if (!endedByNode(ending)) {
          const how = ending.code ?? ending.signal;
          tally.fault(`${spare ?? execArgv} MiB: the process ended with ${how}: ${ending.said}`);
        }
      }
      await ipvs.deleteService({ fwmark: 1 }, { ifExists: true });
      tally.same(namespace.saved(), linesOf(wanted), 'the table that nobody changed');
    }
    tally.same(lived > 0, true, 'a process lived through it');
    await ipvs.flush();
    await ipvs.close();
  },
};
