// Writes the pages of the site: the documents as they are, but for their links. README becomes the
// home page, a source file that a document links becomes a page, and a data file is copied.
// Takes the root of a checkout and the folder of the pages.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { documentsOf, linksOf, targetOf } from '../scripts/lib/links.mjs';

const [root, pages] = argv.slice(2);

/** The languages of source files that become pages. Files of other kinds are copied. */
const LANGUAGES = { '.ts': 'ts', '.mjs': 'js', '.c': 'c', '.go': 'go', '.py': 'python' };

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
  if (extname(path) in LANGUAGES) return `${path}.md`;
  return isFolder(path) ? posix.join(path, 'index.md') : path;
}

/** Writes what a document links and what is no document itself: once each. */
function writeLinked(path) {
  if (path.endsWith('.md') || written.has(path)) return;
  written.add(path);
  const language = LANGUAGES[extname(path)];
  if (language !== undefined) {
    const text = readFileSync(join(root, path), 'utf8');
    write(pageOf(path), `# ${path}\n\n\`\`\`\`${language}\n${text}\`\`\`\`\n`);
  } else if (isFolder(path)) {
    const sources = readdirSync(join(root, path)).filter((name) => extname(name) in LANGUAGES);
    write(
      pageOf(path),
      `# ${path}\n\n${sources.map((name) => `- [${name}](${name}.md)\n`).join('')}`,
    );
    for (const name of sources) writeLinked(posix.join(path, name));
  } else {
    mkdirSync(dirname(join(pages, path)), { recursive: true });
    cpSync(join(root, path), join(pages, path));
    // Pictures are found beside their pages; other files only in "public".
    cpSync(join(root, path), join(pages, 'public', path));
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
