/**
 * The code blocks of the documents, and the programs that those in TypeScript make.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, root } from './kernel/helpers/programs.js';

/** A fenced block of a document. */
export interface Block {
  /** From the root of the project. */
  readonly file: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** The heading that it stands under. */
  readonly heading: string;
  /** What stands behind the fence: the language, and what it is of that. */
  readonly language: string;
  readonly purpose: string;
  readonly text: string;
}

/** A program in TypeScript that a document tells, in one or more blocks. */
export interface Program {
  /** The name of its file, without the end. */
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly source: string;
}

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { line: number; info: string; lines: string[] } | undefined;
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.lines.push(line);
      else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    } else if (open === undefined) {
      open = { line: index + 2, info: fence[1] ?? '', lines: [] };
    } else {
      const [language = '', ...purpose] = open.info.split(' ');
      const text = `${open.lines.join('\n')}\n`;
      blocks.push({ file, line: open.line, heading, language, purpose: purpose.join(' '), text });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${file}: the block at line ${open.line} does not end`);
  return blocks;
}

export const blocks: readonly Block[] = documents.flatMap(blocksOf);

const USUAL = "import { Ipvs } from 'ipvs';\nconst ipvs = await Ipvs.open();\n";
const folder = join(root, 'build/documents');
const nameOf = ({ file, line, purpose }: Block) =>
  `${file.replace(/\W/g, '-')}-${line}${purpose === 'vitest' ? '.test' : ''}`;

/** The purposes of blocks that are programs: '' is run by Node.js, 'vitest' by vitest. */
const PURPOSES: readonly string[] = ['', 'vitest', 'no-run'];

/**
 * The programs of the documents. A block with an import begins a program. Any other block continues
 * the previous program of its document, under names of its own, or begins one with the usual
 * imports. Blocks that are run and blocks that are only compiled do not mix.
 */
export function programs(): Program[] {
  const found: { name: string; blocks: Block[]; source: string }[] = [];
  for (const block of blocks) {
    if (block.language !== 'ts' || !PURPOSES.includes(block.purpose)) continue;
    const last = found.at(-1);
    const before = last?.blocks[0];
    if (/^import /m.test(block.text)) {
      found.push({ name: nameOf(block), blocks: [block], source: block.text });
    } else if (last && before?.file === block.file && before.purpose === block.purpose) {
      last.blocks.push(block);
      last.source += `{\n${block.text}}\n`;
    } else {
      found.push({ name: nameOf(block), blocks: [block], source: `${USUAL}{\n${block.text}}\n` });
    }
  }
  return found;
}

/** The options with which vitest runs a program of the documents from the folder of compile(). */
export function vitestOptions(name: string): string[] {
  const config = join(folder, 'vitest.config.mjs');
  const alias = { ipvs: join(root, 'dist/index.js') };
  // Those of the kernel tests: a test of a second may take a minute on a busy machine.
  const limits = { testTimeout: 600_000, hookTimeout: 300_000 };
  writeFileSync(config, `export default ${JSON.stringify({ test: { alias, ...limits } })};\n`);
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  return [program, 'run', '--config', config, '--root', join(folder, 'out'), `${name}.mjs`];
}

/** The API documents: the first one is that of the main import path. */
export const API_DOCUMENTS = documents
  .filter((file) => /^docs\/api(-\w+)?\.md$/.test(file))
  .sort((one, other) => one.length - other.length);

/** The declarations of an API document, with members in their class or interface. */
function apiSource(document: string): string {
  const headers = new Map<string, string>();
  const members = new Map<string, string>();
  let source = '';
  let type = '';
  const titles = readFileSync(join(root, document), 'utf8').split('\n');
  for (const block of blocks) {
    // A block without a purpose is an example.
    if (block.file !== document || block.purpose === '') continue;
    if (block.purpose === 'declaration') {
      source += block.text.replace(/^(?=class|function|const)/, 'declare ');
      continue;
    }
    type =
      titles
        .slice(0, block.line)
        .findLast((line) => line.startsWith('### '))
        ?.slice(4) ?? type;
    const texts = block.purpose === 'header' ? headers : members;
    texts.set(type, (texts.get(type) ?? '') + block.text);
  }
  for (const [name, text] of members) {
    source += `declare ${headers.get(name) ?? `class ${name}`} {\n${text}}\n`;
  }
  return `${importOfMain(document, titles)}${source}export {};\n`;
}

/** The import of the symbols of the main path that another document does not have itself. */
function importOfMain(document: string, titles: readonly string[]): string {
  const [main = ''] = API_DOCUMENTS;
  if (document === main) return '';
  const [exported = ''] = readFileSync(join(root, main), 'utf8').split('## Types that are not');
  const names = [...exported.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);
  const others = names.filter((name) => !titles.includes(`### ${name}`));
  return `import type { ${others.join(', ')} } from 'ipvs';\n`;
}

/**
 * Compiles all programs strictly, against the built package. Throws with the errors of the compiler.
 * Returns the folder of the programs.
 */
export function compile(): string {
  build();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    noEmit: false,
    rootDir: '.',
    outDir: 'out',
    paths: { ipvs: ['../../dist/index.d.ts'] },
  };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.mts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  for (const { name, source } of programs()) writeFileSync(join(folder, `${name}.mts`), source);
  for (const document of API_DOCUMENTS) {
    writeFileSync(join(folder, `${basename(document, '.md')}.mts`), apiSource(document));
  }
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [compiler, '--project', folder], { encoding: 'utf8' });
  } catch (error) {
    // Whatever fails here has what the compiler prints.
    throw new Error((error as { stdout?: string }).stdout, { cause: error });
  }
  return join(folder, 'out');
}
