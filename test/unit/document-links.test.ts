// The links between the documents, and between the pages that scripts/site makes of them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root } from '../kernel/helpers/programs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-links-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes files below the folder of the test: their paths, and their texts. */
function write(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Runs a program of the project. Returns its exit status and the lines that it prints. */
function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, program), ...args], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return { status, lines: stdout.split('\n').filter((line) => line !== '') };
}

const links = (...args: string[]) => run('scripts/lib/links.mjs', ...args);

test('each link between the documents leads to a file, and to a heading in it', () => {
  expect(links(root)).toEqual({ status: 0, lines: [] });
});

describe('scripts/lib/links.mjs', () => {
  test('names each broken link, its line, and why it is broken', () => {
    write({
      'README.md': [
        '# Title',
        '[good](docs/guide.md#two-words--more) [picture](docs/picture.svg) [here](#title)',
        '[file](docs/gone.md) ![picture](gone.svg)',
        '[heading](docs/guide.md#three-words)',
        '[site](/docs/guide.md) [outside](../elsewhere.md)',
        '[name]: docs/gone.md',
        '<img alt="" src="gone.png">',
        '[here](#gone)',
      ].join('\n'),
      'docs/guide.md': '## Two words & more\n[up](../README.md)\n[up](README.md)\n',
      'docs/picture.svg': '<svg/>',
    });
    expect(links(folder)).toEqual({
      status: 1,
      lines: [
        'README.md:3: docs/gone.md: there is no docs/gone.md',
        'README.md:3: gone.svg: there is no gone.svg',
        'README.md:4: docs/guide.md#three-words: docs/guide.md has no heading with that name',
        'README.md:5: /docs/guide.md: begins with /, which is the root of a site, not of the project',
        'README.md:5: ../elsewhere.md: leads out of the project',
        'README.md:6: docs/gone.md: there is no docs/gone.md',
        'README.md:7: gone.png: there is no gone.png',
        'README.md:8: #gone: README.md has no heading with that name',
        'docs/guide.md:3: README.md: there is no docs/README.md',
      ],
    });
  });

  test('names headings as GitHub does', () => {
    const anchors = [
      'ipvsadm--r',
      'ipvssymbolasyncdispose',
      'snake_case',
      'link',
      'link-1',
      'über',
    ];
    write({
      'README.md': [
        '# `ipvsadm -R`',
        '## ipvs[Symbol.asyncDispose]',
        '## snake_case',
        '## [Link](README.md)',
        '## Link',
        '## Über',
        ...anchors.map((anchor) => `[link](#${anchor})`),
      ].join('\n\n'),
    });
    expect(links(folder)).toEqual({ status: 0, lines: [] });
  });

  test('takes neither code nor comments for links or headings', () => {
    write({
      'README.md': [
        '`[code](gone.md)` <!-- [comment](gone.md) -->',
        '```sh\n# Comment\n[code](gone.md)\n```',
        '[heading](#comment)',
      ].join('\n'),
    });
    const { lines } = links(folder);
    expect(lines).toEqual(['README.md:6: #comment: README.md has no heading with that name']);
  });

  test('lists the links to other sites with --external', () => {
    write({ 'README.md': '[one](https://example.com/a#b) <https://example.org>\n[two](gone.md)' });
    expect(links('--external', folder)).toEqual({
      status: 0,
      lines: ['README.md:1: https://example.com/a#b', 'README.md:1: https://example.org'],
    });
  });
});

test('site/stage.mjs makes pages whose links lead to pages', () => {
  write({
    'README.md':
      '# Title\n[guide](docs/guide.md#more) [code](src/a.ts) [all](src/) [image](Dockerfile) `README.md`\n',
    Dockerfile: 'FROM x\n',
    'docs/guide.md':
      '## More\n[home](../README.md#title) [data](data.json) ![](a.svg) [site](https://a.b)\n',
    'docs/data.json': '{}',
    'docs/a.svg': '<svg/>',
    'src/a.ts': 'export {};\n',
  });
  const pages = join(folder, 'pages');
  expect(run('site/stage.mjs', folder, pages)).toEqual({ status: 0, lines: [] });
  const page = (path: string) => readFileSync(join(pages, path), 'utf8');
  expect(page('index.md')).toBe(
    '# Title\n[guide](docs/guide.md#more) [code](src/a.ts.md) [all](src/index.md) [image](Dockerfile.md) `README.md`\n',
  );
  expect(page('docs/guide.md')).toBe(
    '## More\n[home](../index.md#title) [data](data.json) ![](a.svg) [site](https://a.b)\n',
  );
  expect(page('src/a.ts.md')).toBe('# src/a.ts\n\n````ts\nexport {};\n````\n');
  expect(page('Dockerfile.md')).toContain('FROM x');
  expect(page('src/index.md')).toBe('# src/\n\n- [a.ts](a.ts.md)\n');
  expect(page('public/docs/data.json')).toBe('{}');
  expect(page('docs/a.svg')).toBe('<svg/>');
});

test('site/check.mjs names each broken link of the pages', () => {
  write({
    'index.html':
      '<a href="/ipvs/docs/guide.html#more">good</a> <a href="/ipvs/docs/guide">good</a>' +
      '<a href="/ipvs/docs/guide.html#less">bad</a> <img src="/ipvs/gone.svg">' +
      '<a href="/elsewhere.html">bad</a> <a href="https://example.com/gone">not checked</a>',
    'docs/guide.html':
      '<h2 id="more">More</h2> <a href="../">home</a> <a href="other.html">bad</a>',
  });
  const { status, lines } = run('site/check.mjs', folder, '/ipvs/');
  expect(status).toBe(1);
  expect(lines.sort()).toEqual([
    '2 pages, 7 links between them',
    ...[
      'docs/guide.html: other.html',
      'index.html: /elsewhere.html',
      'index.html: /ipvs/docs/guide.html#less',
      'index.html: /ipvs/gone.svg',
    ].map((link) => `${link}: there is no such page, file or heading`),
  ]);
});
