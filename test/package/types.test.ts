import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { fetched, installed, npm, output, root, run } from './consumer.js';

/** A program that uses the package, for both module systems. */
const PROGRAM = `
async function main(): Promise<void> {
  // @ts-expect-error: a typo. Were the types not found, nothing would be wrong with it.
  const typo = (one: Ipvs) => one.addService({ protocol: 'tcp', adress: '10.0.0.1', port: 80 });
  const services: (one: Ipvs) => Promise<Service[]> = (one) => one.listServices();
  const refused: unknown = await Ipvs.open({ netns: '' }).catch((error: unknown) => error);
  console.log(refused instanceof TypeError, typeof typo, typeof services, IpvsError.name);
}
main();
`;

const IMPORT = "import { Ipvs, IpvsError, type Service } from 'ipvs';";
const PROGRAMS = [
  { source: 'esm.mts', output: 'esm.mjs', imports: IMPORT },
  { source: 'imports.cts', output: 'imports.cjs', imports: IMPORT },
  {
    source: 'requires.cts',
    output: 'requires.cjs',
    imports: `import ipvs = require('ipvs');
     import Ipvs = ipvs.Ipvs;
     import IpvsError = ipvs.IpvsError;
     type Service = ipvs.Service;`,
  },
] as const;

let cwd: string;

beforeAll(() => {
  cwd = installed();
  npm(['install', '--ignore-scripts', '@types/node@20'], { cwd });
  for (const { source, imports } of PROGRAMS) {
    writeFileSync(join(cwd, source), `${imports}\n${PROGRAM}`);
  }
});

const COMPILERS = [
  { version: 'of this project', compiler: () => join(root, 'node_modules/typescript/bin/tsc') },
  { version: '5.9', compiler: () => fetched('typescript@5.9', 'bin/tsc') },
] as const;

test.each(COMPILERS)('a strict program that TypeScript $version compiles runs', ({ compiler }) => {
  writeFileSync(
    join(cwd, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        // What can require ESM.
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        types: ['node'],
      },
      files: PROGRAMS.map(({ source }) => source),
    }),
  );
  const { status, stdout } = run(process.execPath, [compiler(), '--project', '.'], { cwd });
  expect(stdout).toBe('');
  expect(status).toBe(0);
  for (const program of PROGRAMS) {
    const printed = output('node', [program.output], { cwd });
    expect(printed, program.output).toBe('true function function IpvsError\n');
    rmSync(join(cwd, program.output));
  }
});
