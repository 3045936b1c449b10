import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Ipvs } from 'ipvs';
import { Table } from '../helpers/model/table.js';
import { loadedModules, unloadModules } from '../helpers/modules.js';
import { run } from '../helpers/namespace.js';
import type { Scenario } from './scenario.js';
import { batches, look, step } from './walk.js';

const start = promisify(execFile);
/** The number of batches between two unloads. */
const BATCHES = 5;
/** The number of unloads during operations. */
const STORM = 10;
/** Errors of operations while IPVS is absent or has just been loaded again. */
const codes = ['ERR_IPVS_UNAVAILABLE', 'ENOPROTOOPT', 'EPROTONOSUPPORT', 'ESRCH', 'EEXIST'];

/** Returns the current number of the family in generic netlink. */
const familyId = () => /ID: (0x[0-9a-f]+)/.exec(run('genl', ['ctrl', 'get', 'name', 'IPVS']))?.[1];

export const modules: Scenario = {
  name: 'modules',
  about:
    'ip_vs unloaded and loaded anew under open handles, at rest and in the midst of operations',
  length: { share: 0.2 },
  needsOwnKernel: true,
  room: 16,
  async run(context) {
    const { namespace, tally } = context;
    const ipvs = await Ipvs.open({ netns: namespace.path });
    const calls = batches(context);
    const ids = new Set<string | undefined>();

    const storm = async () => {
      let blowing = true;
      const blow = async () => {
        for (let time = 0; time < STORM; time++) {
          // A module in use stays loaded.
          await start('rmmod', loadedModules()).catch(() => undefined);
        }
        blowing = false;
      };
      const stand = async () => {
        while (blowing) {
          await Promise.all([
            tally.settle(ipvs.addService({ fwmark: 1 }), codes),
            tally.settle(ipvs.listServices(), codes),
            tally.settle(ipvs.deleteService({ fwmark: 1 }), codes),
          ]);
        }
      };
      await Promise.all([blow(), stand()]);
    };

    for await (const _ of context.rounds()) {
      await ipvs.flush();
      ids.add(familyId());
      await unloadModules();
      run('modprobe', ['ip_vs']);
      ids.add(familyId());
      const table = new Table();
      for (let batch = 0; batch < BATCHES; batch++) {
        await step(tally, ipvs, table, calls.next().value ?? []);
      }
      look(context, table);
      await ipvs.flush();
      await storm();
      await tally.settle(ipvs.flush());
      await step(tally, ipvs, new Table(), calls.next().value ?? []);
    }
    tally.same(ids.size > 1, true, 'the id of the family changed');
    await ipvs.flush();
    await ipvs.close();
  },
};
