/**
 * Reports measurements:
 *
 *     report.js join REPORT quick|full COMMAND FILE...   merges the files of measure.ts and probe.ts
 *     report.js print REPORT                             prints tables
 *     report.js document REPORT           draws charts, and updates docs/benchmarks.md
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Bar, bars, type Line, lines } from './charts.js';
import { kernelTables } from './kernel-tables.js';
import type { KernelReport, Measurement, ProbeReport, Report, Session } from './measurements.js';
import { probeTables } from './probe-tables.js';
import { median } from './summary.js';
import { asMarkdown, asText } from './tables.js';

const root = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
// The files were written by this program, by measure.ts or by probe.ts.
const readReport = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Report;
const readPart = (file: string) =>
  JSON.parse(readFileSync(file, 'utf8')) as KernelReport | ProbeReport;

const CHARTS = 'docs/benchmarks';
const DOCUMENT = 'docs/benchmarks.md';

function join(file: string, parts: readonly string[], command: string, quick: boolean): void {
  const { version }: { version: string } = JSON.parse(readFileSync(root('package.json'), 'utf8'));
  const session: Session = {
    command,
    date: new Date().toISOString().slice(0, 10),
    version,
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    quick,
  };
  const reports = parts.map(readPart);
  const probe = reports.find((each) => 'figures' in each);
  const report: Report = {
    ...session,
    kernels: reports.filter((each) => 'release' in each),
    ...(probe !== undefined && { probe: { ...session, ...probe } }),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}

const place = ({ release, userMode }: KernelReport) =>
  userMode ? `Linux ${release} (user-mode, one core)` : `Linux ${release}`;

const where = ({ node, processor }: Session) => `Node.js ${node}, ${processor}`;

function print(report: Report): void {
  if (report.probe !== undefined) {
    console.log(`\n${where(report.probe)}\n`);
    console.log(asText(probeTables(report.probe)));
  }
  for (const kernel of report.kernels) {
    console.log(`\n${place(kernel)}, ${where(report)}\n`);
    console.log(asText(kernelTables(kernel)));
  }
}

const bar = ({ name, implementation, microseconds, cold }: Measurement): Bar => ({
  name,
  implementation,
  value: median(microseconds),
  cold: cold.length === 0 ? undefined : median(cold),
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
  const tables = asMarkdown(kernelTables(kernel));
  return [title, measured(report), pictures.join('\n'), tables].join('\n\n');
}

const measured = (session: Session) => `${where(session)}, ${session.date}: \`${session.command}\``;

/** Replaces the text between two marks of the document. */
function replace(mark: string, content: string): void {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const text = readFileSync(root(DOCUMENT), 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${DOCUMENT} lacks ${begin} or ${end}`);
  writeFileSync(root(DOCUMENT), `${before}${begin}\n\n${content}\n${end}${after}`);
}

function documentKernels(report: Report): void {
  mkdirSync(root(CHARTS), { recursive: true });
  for (const kernel of report.kernels) {
    for (const [name, draw] of Object.entries(charts)) {
      const svg = draw(kernel, `Linux ${series(kernel)}`);
      writeFileSync(root(`${CHARTS}/${name}-${series(kernel)}.svg`), svg);
    }
  }
  replace('figures', report.kernels.map((kernel) => section(report, kernel)).join('\n'));
}

/** Updates what was measured. The figures of the rest stay as they are. */
function document(file: string): void {
  const report = readReport(file);
  if (report.quick) throw new Error('a report of --quick is no benchmark');
  const { kernels, probe } = report;
  if (kernels.length > 0) documentKernels(report);
  if (probe !== undefined)
    replace('probe', `${measured(probe)}\n\n${asMarkdown(probeTables(probe))}`);
  const figures = root(`${CHARTS}/figures.json`);
  const all = { ...readReport(figures), ...(kernels.length > 0 ? report : { probe }) };
  writeFileSync(figures, `${JSON.stringify(all, null, 1)}\n`);
}

const [action, file = '', ...rest] = process.argv.slice(2);
const actions: Readonly<Record<string, () => void>> = {
  join: () => {
    const [quick = '', command = '', ...parts] = rest;
    join(file, parts, command, quick === 'quick');
  },
  print: () => print(readReport(file)),
  document: () => document(file),
};
const act = actions[action ?? ''];
if (act === undefined) throw new Error(`no such action: ${action}`);
act();
