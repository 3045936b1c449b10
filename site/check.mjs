// Checks the links of the built site: each page, file and anchor that a page names must exist.
// Takes the folder of the site and the path under which it will be served.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { argv } from 'node:process';

const [site, base] = argv.slice(2);
const pages = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));
const textOf = new Map(pages.map((page) => [page, readFileSync(join(site, page), 'utf8')]));
const idsOf = new Map(
  [...textOf].map(([page, text]) => [
    page,
    new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)),
  ]),
);

/** Returns the file of the site that a link of a page names, or undefined if it leaves the base. */
function fileOf(page, path) {
  if (path === '') return page;
  const absolute = path.startsWith('/') ? path : posix.join(base, posix.dirname(page), path);
  if (!absolute.startsWith(base)) return undefined;
  const file = absolute.slice(base.length);
  if (file === '' || file.endsWith('/')) return `${file}index.html`;
  return existsSync(join(site, file)) ? file : `${file}.html`;
}

function isBroken(page, link) {
  const [path, anchor] = link.split('#').map(decodeURI);
  const file = fileOf(page, path);
  if (file === undefined || !statSync(join(site, file), { throwIfNoEntry: false })?.isFile()) {
    return true;
  }
  return anchor !== undefined && anchor !== '' && !idsOf.get(file)?.has(anchor);
}

let links = 0;
for (const [page, text] of textOf) {
  // The page of a server for what it does not find: its own address is unknown.
  if (page === '404.html') continue;
  for (const [, link] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
    if (/^[a-z][a-z+.-]*:/i.test(link)) continue;
    links += 1;
    if (!isBroken(page, link.replaceAll('&amp;', '&'))) continue;
    console.log(`${page}: ${link}: there is no such page, file or heading`);
    process.exitCode = 1;
  }
}
console.log(`${pages.length} pages, ${links} links between them`);
