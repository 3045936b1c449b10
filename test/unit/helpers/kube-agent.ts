/**
 * The settings of an agent for tests, and what it is given instead of a node.
 * @module
 */
import { readValues } from '../../../lib/cli/arguments.js';
import type { Targets } from '../../../lib/cli/kubernetes/agent.js';
import { options } from '../../../lib/cli/kubernetes/command.js';
import { settingsOf } from '../../../lib/cli/kubernetes/settings.js';
import type { Ipvs } from '../../../lib/index.js';

/** The default settings, of node-a. */
export const agentSettings = settingsOf(readValues(options, new Map()), undefined, {
  NODE_NAME: 'node-a',
});

const unused = () => Promise.reject(new Error('the tests do not sync'));

/** The targets of an agent that does not sync: a node without addresses. */
export const idleTargets: Targets = {
  // Nothing else is asked of it.
  ipvs: { links: { listAddresses: async () => [] } } as unknown as Ipvs,
  director: { apply: unused },
  nftables: { apply: unused, hasChanged: async () => false, reset: () => undefined },
  healthChecks: { update: () => undefined },
};
