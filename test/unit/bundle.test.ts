// Programs that are bundled with this package, and run.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, root } from '../kernel/helpers/programs.js';

const PROGRAM = `
import { Ipvs, normalizeService } from 'ipvs';
const { scheduler } = normalizeService({ protocol: 'tcp', address: '10.0.0.1', port: 80 });
Ipvs.open({ netns: '/no/such/namespace' }).catch(({ name, code, message }) =>
  console.log(JSON.stringify({ scheduler, name, code, message })),
);
`;

let outside = '';
/** Where node-gyp-build is found, but not the addon. */
let inside = '';
beforeAll(() => {
  build();
  outside = mkdtempSync(join(tmpdir(), 'ipvs-bundle-'));
  mkdirSync(join(root, 'build'), { recursive: true });
  inside = mkdtempSync(join(root, 'build/bundle-'));
  for (const folder of [outside, inside]) {
    writeFileSync(join(folder, 'package.json'), '{ "name": "app" }');
    writeFileSync(join(folder, 'app.mjs'), PROGRAM);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/ipvs'));
  }
}, 120_000);
afterAll(() => {
  for (const folder of [outside, inside]) rmSync(folder, { recursive: true });
});

type Format = 'esm' | 'cjs';
const bundlers = {
  esbuild: (input: string, file: string, format: Format, external: string[]) =>
    esbuild({
      entryPoints: [input],
      outfile: file,
      bundle: true,
      platform: 'node',
      format,
      external,
      logLevel: 'silent',
    }),
  rolldown: (input: string, file: string, format: Format, external: string[]) =>
    rolldown({
      input,
      external,
      platform: 'node',
      logLevel: 'silent',
      output: { file, format, codeSplitting: false },
    }),
};

/** What the bundled program prints. */
async function run(
  name: keyof typeof bundlers,
  format: Format,
  folder: string,
  external: string[],
): Promise<Record<string, string>> {
  const file = join(folder, 'out', name, `app.${format === 'esm' ? 'mjs' : 'cjs'}`);
  mkdirSync(dirname(file), { recursive: true });
  await bundlers[name](join(folder, 'app.mjs'), file, format, external);
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
}

describe.each(['esbuild', 'rolldown'] as const)('%s', (name) => {
  const formats = ['esm', 'cjs'] as const;

  test.each(formats)('names the fix if ipvs is in the bundle (%s)', async (format) => {
    for (const folder of [outside, inside]) {
      const { scheduler, code, message } = await run(name, format, folder, []);
      // What needs no addon works.
      expect(scheduler).toBe('wlc');
      expect(code).toBe('ERR_IPVS_NO_ADDON');
      expect(message).toContain('mark ipvs as external (esbuild --external:ipvs;');
    }
  });

  test.each(formats)(
    'leaves ipvs its addon if ipvs is external to the bundle (%s)',
    async (format) => {
      const { scheduler, code } = await run(name, format, outside, ['ipvs']);
      expect(scheduler).toBe('wlc');
      expect(code).toBe('ENOENT');
    },
  );
});

test('copied files of the package name the same fix', () => {
  const copy = join(outside, 'copied');
  cpSync(join(root, 'dist'), copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
  const program = `import(${JSON.stringify(join(copy, 'index.js'))})
    .then(({ Ipvs }) => Ipvs.open())
    .catch(({ message }) => console.log(message))`;
  const printed = execFileSync(process.execPath, ['--eval', program], { encoding: 'utf8' });
  expect(printed).toContain('was bundled, or moved out of its package');
});
