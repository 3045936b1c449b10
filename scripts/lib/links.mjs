// Checks the links between the documents: each file and each heading that a link names must exist.
// Prints the broken links and exits with 1 if there are any; --external lists the links to other
// sites instead, which nothing checks. Takes the root of a checkout. Called by scripts/site.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Returns the documents of a checkout: the Markdown files of its root, of docs and of examples. */
export function documentsOf(root) {
  const isDocument = (name) => name.endsWith('.md');
  const below = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`)
      : [];
  return [...readdirSync(root), ...below('docs'), ...below('examples')].filter(isDocument).sort();
}

/** Blanks code and comments, which contain no links and no headings. Keeps all positions. */
function withoutCode(text) {
  const blank = (code) => code.replace(/[^\n]/g, ' ');
  return text
    .replace(/^ *(```+|~~~+).*?^ *\1`*$/gms, blank)
    .replace(/<!--.*?-->/gs, blank)
    .replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/gs, blank);
}

/** Returns the name of a heading in links, as GitHub makes it. */
export function slug(heading) {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Returns the names of all headings of a document: a repeated one is numbered from 1. */
export function anchorsOf(text) {
  const lines = text.split('\n');
  const anchors = new Set();
  for (const [at, masked] of withoutCode(text).split('\n').entries()) {
    // The text is that of the document, since code in a heading is part of its name.
    const heading = /^#{1,6} /.test(masked) ? lines[at].replace(/^#+ /, '') : undefined;
    if (heading === undefined) continue;
    const name = slug(heading);
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The forms of links, each a match of what the link leads to. */
const LINKS = [
  /(?<=\]\()[^\s()]+/g, // [text](path), ![picture](path)
  /(?<=^\[[^\]]+\]: *)\S+/gm, // [name]: path
  /(?<=<)https?:[^>\s]+/g, // <https://...>
  /(?<=<(?:a|img) [^>]*(?:href|src)=")[^"]+/g,
];

/** Returns the links and pictures of a document in order: what each leads to, and its place. */
export function linksOf(text) {
  const plain = withoutCode(text);
  const links = LINKS.flatMap((form) => [...plain.matchAll(form)]).map(({ 0: found, index }) => {
    const [path, anchor] = found.split('#');
    const line = plain.slice(0, index).split('\n').length;
    return { path, anchor, start: index, line, isExternal: /^[a-z][a-z+.-]*:/i.test(path) };
  });
  return links.sort((one, other) => one.start - other.start);
}

/** Returns the path from the root that a link of a document leads to. */
export const targetOf = (document, path) =>
  path === '' ? document : posix.join(posix.dirname(document), decodeURI(path));

/** Returns a function that reads the names of the headings of a document, each document once. */
function anchorReader(root) {
  const known = new Map();
  return (document) => {
    const anchors = known.get(document) ?? anchorsOf(readFileSync(join(root, document), 'utf8'));
    known.set(document, anchors);
    return anchors;
  };
}

/** Returns why a link of a document is broken, or undefined. */
function fault(root, anchorsIn, document, { path, anchor }) {
  if (path.startsWith('/')) return 'begins with /, which is the root of a site, not of the project';
  const target = targetOf(document, path);
  if (target.startsWith('../')) return 'leads out of the project';
  if (!existsSync(join(root, target))) return `there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsIn(target).has(anchor) ? undefined : `${target} has no heading with that name`;
}

function main([first, ...rest]) {
  const listsExternal = first === '--external';
  const [root = '.'] = listsExternal ? rest : [first];
  const all = documentsOf(root).flatMap((document) =>
    linksOf(readFileSync(join(root, document), 'utf8')).map((link) => ({ document, ...link })),
  );
  const anchorsIn = anchorReader(root);
  for (const link of all.filter(({ isExternal }) => isExternal === listsExternal)) {
    const { document, line, path, anchor } = link;
    const why = listsExternal ? '' : fault(root, anchorsIn, document, link);
    if (why === undefined) continue;
    const name = anchor === undefined ? path : `${path}#${anchor}`;
    console.log(`${document}:${line}: ${name}${why === '' ? '' : `: ${why}`}`);
    if (!listsExternal) process.exitCode = 1;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) main(argv.slice(2));
