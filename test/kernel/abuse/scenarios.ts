/**
 * The scenarios, in the order in which they run.
 * @module
 */
import { allocations } from './allocations.js';
import { descriptors } from './descriptors.js';
import { handles } from './handles.js';
import { killed } from './killed.js';
import { memory } from './memory.js';
import { modules } from './modules.js';
import { random } from './random.js';
import type { Scenario } from './scenario.js';
import { workers } from './workers.js';
import { writers } from './writers.js';

export const scenarios: readonly Scenario[] = [
  workers,
  handles,
  killed,
  descriptors,
  memory,
  allocations,
  writers,
  modules,
  random,
];
