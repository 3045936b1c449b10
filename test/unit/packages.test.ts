import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Entry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, Entry>> };
const entries = Object.entries(packages).filter(([path]) => path !== '');

describe('the lock file', () => {
  // npm leaves out those that it could not get when it wrote the file, and `npm ci` then refuses it.
  test('has the optional packages of every platform', () => {
    const missing = entries.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
    expect(packages).toHaveProperty('node_modules/@biomejs/cli-darwin-arm64');
  });

  test('names no registry, and knows what each package must be', () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    const unknown = entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(unknown).toEqual([]);
  });
});
