// The site of the documents, made by scripts/site from the pages that stage.mjs writes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentsOf, linksOf, slug, targetOf } from '../../scripts/lib/links.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The groups of the sidebar: a document belongs to the first that matches. */
const GROUPS = [
  { text: 'Reference', matches: /^docs\/api/ },
  {
    text: 'Project',
    matches: /^(docs\/(architecture|benchmarks)|CHANGELOG|CONTRIBUTING|SECURITY)\./,
  },
  { text: 'Guides', matches: /\.md$/ },
];
const ORDER = ['Guides', 'Reference', 'Project'];

/** The documents in the order in which README's last chapter lists them, README itself first. */
function documents() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const listed = linksOf(readme)
    .filter(({ start }) => start > readme.lastIndexOf('\n## '))
    .map(({ path }) => targetOf('README.md', path));
  const all = documentsOf(root);
  return new Set(['README.md', ...listed.filter((path) => all.includes(path)), ...all]);
}

function itemOf(document) {
  if (document === 'README.md') return { text: 'Overview', link: '/' };
  const [, text] = /^# (.*)$/m.exec(readFileSync(join(root, document), 'utf8'));
  return { text: text.replaceAll('`', ''), link: `/${document.replace(/\.md$/, '')}` };
}

function sidebar() {
  const groupOf = (document) => GROUPS.find(({ matches }) => matches.test(document)).text;
  const all = [...documents()];
  return ORDER.map((text) => ({
    text,
    items: all.filter((document) => groupOf(document) === text).map(itemOf),
  }));
}

export default {
  title: 'ipvs',
  description,
  lang: 'en',
  // No icon: without this, browsers ask for /favicon.ico.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: '../build-site/pages',
  outDir: '../build-site/html',
  cacheDir: '../build-site/cache',
  markdown: {
    anchor: { slugify: slug },
    toc: { slugify: slug },
    headers: { slugify: slug },
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    docFooter: { prev: false, next: false },
  },
};
