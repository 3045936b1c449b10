import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Ipvs } from 'ipvs';
import { savedLines } from '../helpers/ipvsadm.js';
import { root } from '../helpers/programs.js';
import type { Scenario } from './scenario.js';

/** The number of threads at a time. */
const CROWD = 4;
/** The latest end of threads that may end before they have begun, in milliseconds. */
const LIFE_MS = 2000;
/** The latest end of the others after they have begun, in milliseconds. */
const MIDST_MS = 100;
const churn = `${root}/test/kernel/programs/churn.mjs`;

export const workers: Scenario = {
  name: 'workers',
  about: 'worker threads with a handle each, four at a time, terminated at any moment',
  length: { full: 50, quick: 2 },
  room: 16,
  async run(context) {
    const { namespace, random, tally } = context;
    const ipvs = await Ipvs.open({ netns: namespace.path });
    await ipvs.addService({ fwmark: 1, scheduler: 'rr' });
    await ipvs.addDestination('fwmark://1', { address: '10.0.0.1' });

    const live = async (first: number, isToBegin: boolean) => {
      const workerData = { netns: namespace.path, first, count: 1 + random.below(200) };
      const worker = new Worker(churn, { workerData });
      worker.on('error', (error) => tally.fault(`a worker: ${error.stack}`));
      const ended = once(worker, 'exit');
      if (isToBegin) await once(worker, 'message');
      await sleep(random.below(isToBegin ? MIDST_MS : LIFE_MS));
      await tally.settle(worker.terminate());
      await ended;
    };
    for await (const _ of context.rounds()) {
      const lives = Array.from({ length: CROWD }, (_, index) =>
        live(1000 * (1 + index), index % 2 === 0),
      );
      await Promise.all(lives);
      const kept = await tally.settle(ipvs.getDestination('fwmark://1', '10.0.0.1'));
      tally.same(kept?.weight, 1, 'a destination that no worker knows');
    }

    const left = await ipvs.snapshot();
    tally.same(left.services.length > 1, true, 'some were in the midst of it');
    tally.same(namespace.saved(), savedLines(left), 'what they left behind');
    await ipvs.flush();
    tally.same(namespace.saved(), [], 'after a flush');
    await ipvs.close();
  },
};
