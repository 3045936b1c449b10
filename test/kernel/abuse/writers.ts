import { setTimeout as sleep } from 'node:timers/promises';
import { Ipvs, type Snapshot } from 'ipvs';
import { savedLines } from '../helpers/ipvsadm.js';
import { familyOf, isMark, type ServiceName } from '../helpers/model/objects.js';
import { Child } from './children.js';
import type { Scenario } from './scenario.js';
import type { Counts } from './tally.js';

const WRITERS = 8;
const OWN_MARKS = 100;
const OWN_NETWORK = '10.97.';

/** The messages of a writer. */
export interface WriterReport {
  readonly counts: Counts;
  /** Its own services, when it ends. */
  readonly last: Snapshot | null;
}

/** The services of one writer alone. */
export function ownServices(index: number): readonly ServiceName[] {
  const address = `${OWN_NETWORK}0.${index}`;
  return [
    { protocol: 'tcp', address, port: 80 },
    { protocol: 'udp', address, port: 80 },
    { fwmark: OWN_MARKS + index, family: 'ipv4' },
    { fwmark: OWN_MARKS + index, family: 'ipv6' },
  ];
}

const isShared = (name: ServiceName) =>
  isMark(name)
    ? name.fwmark < OWN_MARKS
    : familyOf(name) === 'ipv6' || !name.address.startsWith(OWN_NETWORK);

export const writers: Scenario = {
  name: 'writers',
  about: 'eight processes that write the same table at once',
  length: { share: 0.2 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const ipvs = await Ipvs.open({ netns: namespace.path });

    const write = async (index: number): Promise<Snapshot['services']> => {
      const child = new Child('writer', [namespace.path, index, random.seed()]);
      let last: WriterReport['last'] = null;
      child.process.on('message', (message) => {
        // writer-process.ts sends nothing else.
        const said = message as WriterReport;
        tally.add(said.counts);
        last = said.last;
      });
      await sleep(context.slice);
      child.say('stop');
      const { code, signal, said } = await child.ended;
      if (code !== 0) tally.fault(`a writer ended with ${code ?? signal}: ${said}`);
      return (last as Snapshot | null)?.services ?? [];
    };

    for await (const _ of context.rounds()) {
      await ipvs.flush();
      const own = await Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index)));
      const seen = await ipvs.snapshot();
      tally.same(
        namespace.saved(),
        savedLines({ services: [...own.flat(), ...seen.services.filter(isShared)] }),
        'ipvsadm -Sn beside what each writer knows',
      );
    }
    await ipvs.flush();
    await ipvs.close();
  },
};
