// Writes the pages of the site: the documents as they are, but for their links. README becomes the
// home page, a source file that a document links becomes a page, and a data file is copied.
// Takes the root of a checkout and the folder of the pages.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { documentsOf, linksOf, targetOf } from '../scripts/lib/links.mjs';

const [root, pages] = argv.slice(2);

/** The kinds of files that are copied. Others become pages. */
const COPIED = ['.svg', '.png', '.json'];

/** The languages of source files, by extension. Others are shown as text. */
const LANGUAGES = {
  '.ts': 'ts',
  '.mjs': 'js',
  '.c': 'c',
  '.go': 'go',
  '.py': 'python',
  '.yaml': 'yaml',
};

const written = new Set();

function write(path, text) {
  const file = join(pages, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const isFolder = (path) => statSync(join(root, path)).isDirectory();

/** Returns the page, or the file, that shows a path of the project. */
function pageOf(path) {
  if (path === 'README.md') return 'index.md';
  if (isFolder(path)) return posix.join(path, 'index.md');
  return ['.md', ...COPIED].includes(extname(path)) ? path : `${path}.md`;
}

/** Writes each linked file that is not a document, once. */
function writeLinked(path) {
  if (path.endsWith('.md') || written.has(path)) return;
  written.add(path);
  if (isFolder(path)) {
    const sources = readdirSync(join(root, path)).filter((name) => extname(name) in LANGUAGES);
    const items = sources.map((name) => `- [${name}](${name}.md)\n`);
    write(pageOf(path), `# ${path}\n\n${items.join('')}`);
    for (const name of sources) writeLinked(posix.join(path, name));
  } else if (COPIED.includes(extname(path))) {
    // Pictures are found beside their pages; other files only in "public".
    for (const folder of [pages, join(pages, 'public')]) {
      cpSync(join(root, path), join(folder, path));
    }
  } else {
    const text = readFileSync(join(root, path), 'utf8');
    const language = LANGUAGES[extname(path)] ?? 'text';
    write(pageOf(path), `# ${path}\n\n\`\`\`\`${language}\n${text}\`\`\`\`\n`);
  }
}

/** Returns a document with links that lead to pages of the site. */
function staged(document) {
  let text = readFileSync(join(root, document), 'utf8');
  const inside = linksOf(text).filter(({ path, isExternal }) => !isExternal && path !== '');
  // From the end, so that the places of the others stay true.
  for (const { path, start } of inside.reverse()) {
    const target = targetOf(document, path);
    writeLinked(target);
    const to = posix.relative(dirname(document), pageOf(target));
    text = text.slice(0, start) + to + text.slice(start + path.length);
  }
  return text;
}

for (const document of documentsOf(root)) write(pageOf(document), staged(document));
