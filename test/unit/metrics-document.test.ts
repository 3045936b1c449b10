/**
 * The tables of docs/metrics.md. `UPDATE=1` writes them from the code.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type MetricFamily, Metrics } from '../../lib/metrics/index.js';
import { DirectorDouble, server, sourceOf, web, withServers } from './helpers/metrics-fixture.js';

const path = new URL('../../docs/metrics.md', import.meta.url);
const TABLES = /(?<=<!-- begin of the tables -->\n).*(?=<!-- end of the tables -->)/s;

/** The tables: a heading, and the start of the names in it. A name is in the first that fits. */
const SECTIONS = [
  ['Services', 'ipvs_service_'],
  ["Destinations, at level 'destination'", 'ipvs_destination_'],
  ["A director, with the option 'director'", 'ipvs_director_'],
  ["Calls, with the option 'calls'", 'ipvs_call_'],
  ['The handle', 'ipvs_handle_'],
  ["The names of node_exporter, with the option 'nodeExporter'", 'node_ipvs_'],
  ['The network namespace', 'ipvs_'],
] as const;

const sectionOf = ({ sampleName }: MetricFamily) =>
  // Apart from its prefix, the number of calls is named like the others of its section.
  SECTIONS.find(([, start]) => sampleName.replace('calls', 'call_').startsWith(start))?.[0];

function rowOf({ sampleName, type, unit, help, labelNames }: MetricFamily): string {
  const labels = labelNames.map((name) => `\`${name}\``).join(', ');
  const cells = [`\`${sampleName}\``, type, unit ?? '', labels, help.replace(/\.$/, '')];
  return `| ${cells.join(' | ')} |`.replaceAll('  ', ' ');
}

function tables(families: readonly MetricFamily[]): string {
  return SECTIONS.map(([heading]) => {
    const rows = families.filter((family) => sectionOf(family) === heading).map(rowOf);
    const head = ['| metric | type | unit | labels | meaning |', '|---|---|---|---|---|'];
    return `\n${heading}:\n\n${[...head, ...rows].join('\n')}\n`;
  }).join('');
}

test('the document lists all metrics', async () => {
  const { source } = sourceOf([withServers(web, server())]);
  const metrics = new Metrics(source, {
    level: 'destination',
    nodeExporter: true,
    director: new DirectorDouble(),
    calls: true,
  });
  const expected = `${tables(await metrics.collect())}\n`;
  const document = readFileSync(path, 'utf8');
  if (process.env['UPDATE'] === '1')
    writeFileSync(
      path,
      document.replace(TABLES, () => expected),
    );
  else expect(TABLES.exec(document)?.[0]).toBe(expected);
  metrics.close();
});
