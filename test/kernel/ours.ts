/**
 * Whether the kernel is the tests' own, so that its modules may be unloaded.
 * @module
 */
import { readFileSync } from 'node:fs';

export const isOurs = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');
