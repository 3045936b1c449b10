/**
 * The tables of the probe.
 * @module
 */
import {
  type ByForm,
  type Cost,
  FORMS,
  type ProbeBlock,
  type ProbeFigure,
  type ProbeReport,
} from './measurements.js';
import { digits, median } from './summary.js';
import { goalTable, type Table } from './tables.js';

/** The number of functions in the table of each form. */
const FUNCTIONS = 16;

const sum = (costs: readonly Cost[]) => costs.reduce((total, { amount }) => total + amount, 0);

function figureTable(figures: readonly ProbeFigure[]): Table {
  return {
    title: 'Cost of an operation without the kernel',
    head: ['', 'unit', ...FORMS.flatMap((form) => [form, 'min – max'])],
    rows: figures.map(({ name, unit, values }) => [
      name,
      unit,
      ...FORMS.flatMap((form) => [
        digits(median(values[form])),
        `${digits(Math.min(...values[form]))} – ${digits(Math.max(...values[form]))}`,
      ]),
    ]),
  };
}

function blockTable(blocks: readonly ProbeBlock[]): Table {
  return {
    title: 'Longest block of the event loop without the kernel',
    head: ['', 'ms', 'min – max'],
    rows: blocks.map(({ name, values }) => [
      name,
      digits(median(values)),
      `${digits(Math.min(...values))} – ${digits(Math.max(...values))}`,
    ]),
  };
}

/** Compares the time of modules, in nanoseconds of an operation. */
function moduleTable({ cold, warm }: ProbeReport): Table {
  const columns = [...FORMS.map((form) => cold[form]), ...FORMS.map((form) => warm[form])];
  const amounts = (module: string) =>
    columns.map((costs) => sum(costs.filter((cost) => cost.module === module)));
  const modules = [...new Set(columns.flat().map(({ module }) => module))];
  const rows = modules.map((module) => ({ module, values: amounts(module) }));
  const largest = ({ values }: { readonly values: readonly number[] }) => Math.max(...values);
  return {
    title: 'Time by module',
    head: [
      '',
      ...FORMS.map((form) => `${form}, cold ns`),
      ...FORMS.map((form) => `${form}, warm ns`),
    ],
    rows: rows
      .filter(({ values }) => values.some((value) => value >= 5))
      .sort((a, b) => largest(b) - largest(a))
      .map(({ module, values }) => [module, ...values.map((value) => value.toFixed(0))]),
  };
}

const byFunction = (costs: ByForm<readonly Cost[]>, form: keyof ByForm<unknown>) =>
  new Map(costs[form].map((cost) => [`${cost.module} ${cost.name}`, cost.amount]));

function functionTable(report: ProbeReport, form: keyof ByForm<unknown>): Table {
  const [calls, cold, warm] = [report.calls, report.cold, report.warm].map((costs) =>
    byFunction(costs, form),
  );
  const rows = [
    ...new Map(
      [...report.cold[form], ...report.warm[form]].map((cost) => [
        `${cost.module} ${cost.name}`,
        cost,
      ]),
    ),
  ];
  return {
    title: `${form}: the most expensive functions`,
    head: ['', 'module', 'calls', 'cold ns', 'warm ns'],
    rows: rows
      .map(([key, { module, name }]) => ({
        module,
        name: name === '' ? '(anonymous)' : name,
        calls: calls?.get(key) ?? 0,
        cold: cold?.get(key) ?? 0,
        warm: warm?.get(key) ?? 0,
      }))
      .filter(({ module }) => module.startsWith('lib/'))
      .sort((a, b) => b.cold - a.cold)
      .slice(0, FUNCTIONS)
      .map((row) => [
        row.name,
        row.module,
        digits(row.calls),
        row.cold.toFixed(0),
        row.warm.toFixed(0),
      ]),
  };
}

export function probeTables(report: ProbeReport): Table[] {
  const goals = report.figures.flatMap(({ name, unit, limit, values }) =>
    limit === null
      ? []
      : FORMS.map((form) => ({
          text: `${form}: ${name}`,
          value: median(values[form]),
          unit,
          limit,
        })),
  );
  return [
    figureTable(report.figures),
    goalTable(goals),
    ...(report.blocks === undefined ? [] : [blockTable(report.blocks)]),
    moduleTable(report),
    ...FORMS.map((form) => functionTable(report, form)),
  ];
}
