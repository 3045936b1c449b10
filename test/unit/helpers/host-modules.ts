/**
 * The kernel modules of a fake host. A test file that uses it mocks the module:
 * `vi.mock('../../lib/native/kernel-modules.js', { spy: true })`.
 * @module
 */
import { vi } from 'vitest';
import * as kernelModules from '../../../lib/native/kernel-modules.js';

/** The modules of a host: by default none, and a kernel that would load them. */
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
  '../../../lib/native/kernel-modules.js',
);

export const usualHost = () => host({});
