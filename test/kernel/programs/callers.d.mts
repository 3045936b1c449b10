import type * as Package from 'ipvs';

type Action = (ipvs: Package.Ipvs, exported: typeof Package) => unknown;

export const CASES: readonly (readonly [title: string, action: Action])[];

export function errorsOf(
  ipvs: Package.Ipvs,
  exported: typeof Package,
): Promise<(readonly [title: string, error: Error & { readonly stack: string }])[]>;
