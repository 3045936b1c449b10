/**
 * The modules of a host that is made up. Whoever uses it mocks the module:
 * `vi.mock('../../lib/native/kernel-modules.js', { spy: true })`.
 * @module
 */
import { vi } from 'vitest';
import * as kernelModules from '../../lib/native/kernel-modules.js';

/** What a host has: by default no module at all, and a kernel that would load what there is. */
export interface Host {
  readonly loaded?: readonly string[];
  readonly onDisk?: boolean | undefined;
  readonly loader?: string;
  readonly forbidden?: boolean;
}

export function host({
  loaded = [],
  onDisk,
  loader = '/sbin/modprobe',
  forbidden = false,
}: Host): void {
  vi.mocked(kernelModules.isLoaded).mockImplementation((name) => loaded.includes(name));
  vi.mocked(kernelModules.factsOf).mockImplementation((name) => ({
    loaded: loaded.includes(name),
    onDisk,
    loader,
    forbidden,
  }));
  vi.mocked(kernelModules.absenceOf).mockImplementation((name, facts) =>
    absenceOf(name, facts ?? kernelModules.factsOf(name)),
  );
}

const { absenceOf } = await vi.importActual<typeof kernelModules>(
  '../../lib/native/kernel-modules.js',
);

export const usualHost = () => host({});
