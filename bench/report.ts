/**
 * Reports measurements:
 *
 *     report.js join REPORT quick|full COMMAND KERNEL-REPORT...   merges the files of measure.ts
 *     report.js print REPORT                                      prints tables
 *     report.js document REPORT                    draws charts, and updates docs/benchmarks.md
 *
 * @module
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Bar, bars, type Line, lines } from './charts.js';
import type { KernelReport, Measurement, Report } from './measurements.js';
import { median } from './summary.js';
import { asMarkdown, asText } from './tables.js';

const root = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
// Both kinds of files were written by this program or by measure.ts.
const readReport = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Report;
const readKernel = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as KernelReport;

const CHARTS = 'docs/benchmarks';
const DOCUMENT = 'docs/benchmarks.md';

function join(file: string, kernels: readonly string[], command: string, quick: boolean): void {
  const { version }: { version: string } = JSON.parse(readFileSync(root('package.json'), 'utf8'));
  const report: Report = {
    command,
    date: new Date().toISOString().slice(0, 10),
    version,
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    quick,
    kernels: kernels.map(readKernel),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}

const place = ({ release, userMode }: KernelReport) =>
  userMode ? `Linux ${release} (user-mode, one core)` : `Linux ${release}`;

function print(report: Report): void {
  for (const kernel of report.kernels) {
    console.log(`\n${place(kernel)}, Node.js ${report.node}, ${report.processor}\n`);
    console.log(asText(kernel));
  }
}

const bar = ({ name, implementation, microseconds }: Measurement): Bar => ({
  name,
  implementation,
  value: median(microseconds),
});

/** Returns each case of these topics at its first size. */
function firstSizes({ measurements }: KernelReport, ...topics: string[]): Bar[] {
  const all = measurements.filter(({ topic }) => topics.includes(topic));
  return all.filter((each) => all.find(({ name }) => name === each.name) === each).map(bar);
}

/** Returns the cases of a topic that were measured at several sizes. */
function growth({ measurements }: KernelReport, topic: string): Line[] {
  const all = measurements.filter((each) => each.topic === topic);
  const names = [...new Set(all.map(({ name }) => name))];
  return names
    .map((name) => all.filter((each) => each.name === name))
    .filter((sizes) => sizes.length > 1)
    .map((sizes) => ({
      name: sizes[0]?.name ?? '',
      implementation: sizes[0]?.implementation ?? 'ipvs',
      points: sizes.map(({ size, microseconds }) => [size.services, median(microseconds)] as const),
    }));
}

const ADD = 'µs per operation (logarithmic)';
const READ = 'µs per object (logarithmic)';
const SERVICES = 'services, with ten destinations each';

/** Functions that draw the charts of a kernel, by name. */
const charts: Readonly<Record<string, (kernel: KernelReport, where: string) => string>> = {
  load: (kernel, where) =>
    bars(
      `Adding 1,000 services with 10 destinations each, ${where}`,
      ADD,
      firstSizes(kernel, 'load', 'each'),
    ),
  read: (kernel, where) =>
    bars(
      `Reading 1,000 services with 10 destinations each, ${where}`,
      READ,
      firstSizes(kernel, 'read'),
    ),
  connections: (kernel, where) =>
    bars(`Reading 20,000 connections, ${where}`, READ, firstSizes(kernel, 'connections')),
  addresses: (kernel, where) =>
    bars(
      `10,000 addresses of a dummy link, ${where}`,
      'µs per address (logarithmic)',
      firstSizes(kernel, 'addresses'),
    ),
  'load-growth': (kernel, where) =>
    lines(`How the cost of adding grows, ${where}`, ADD, SERVICES, growth(kernel, 'load')),
  'read-growth': (kernel, where) =>
    lines(`How the cost of reading grows, ${where}`, READ, SERVICES, growth(kernel, 'read')),
};

/** Returns '7.2' for '7.2.7-something'. */
const series = ({ release }: KernelReport) => release.split('.').slice(0, 2).join('.');

function section(report: Report, kernel: KernelReport): string {
  const pictures = Object.keys(charts).map(
    (name) => `![${name}](benchmarks/${name}-${series(kernel)}.svg)\n`,
  );
  const title = `### ${place(kernel)}`;
  const where = `Node.js ${report.node}, ${report.processor}, ${report.date}`;
  return [title, `${where}: \`${report.command}\``, pictures.join('\n'), asMarkdown(kernel)].join(
    '\n\n',
  );
}

/** Replaces the text between the marks in the document. */
function replaceFigures(file: string, content: string): void {
  const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${file} lacks ${begin} or ${end}`);
  writeFileSync(file, `${before}${begin}\n\n${content}\n${end}${after}`);
}

function document(file: string): void {
  const report = readReport(file);
  if (report.quick) throw new Error('a report of --quick is no benchmark');
  mkdirSync(root(CHARTS), { recursive: true });
  for (const kernel of report.kernels) {
    for (const [name, draw] of Object.entries(charts)) {
      const svg = draw(kernel, `Linux ${series(kernel)}`);
      writeFileSync(root(`${CHARTS}/${name}-${series(kernel)}.svg`), svg);
    }
  }
  const figures = root(`${CHARTS}/figures.json`);
  if (file !== figures) copyFileSync(file, figures);
  replaceFigures(
    root(DOCUMENT),
    report.kernels.map((kernel) => section(report, kernel)).join('\n'),
  );
}

const [action, file = '', ...rest] = process.argv.slice(2);
const actions: Readonly<Record<string, () => void>> = {
  join: () => {
    const [quick = '', command = '', ...kernels] = rest;
    join(file, kernels, command, quick === 'quick');
  },
  print: () => print(readReport(file)),
  document: () => document(file),
};
const act = actions[action ?? ''];
if (act === undefined) throw new Error(`no such action: ${action}`);
act();
