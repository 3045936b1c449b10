// Draws a Grafana dashboard as SVG: its panels at their places, with the values that Prometheus
// returned for their queries. Called by scripts/dashboard:
//
//     node draw-dashboard.mjs DASHBOARD DATA SVG
import { readFileSync, writeFileSync } from 'node:fs';

const [, , dashboardFile, dataFile, svgFile] = process.argv;
const COLUMN = 50;
const ROW = 28;
const GAP = 8;
const TOP = 50;
const INK = '#1f2328';
const FAINT = '#d0d7de';
const GREY = '#59636e';
const COLORS = ['#1a7f64', '#bc4c00', '#0969da', '#8250df', '#bf8700', '#cf222e', '#57606a'];

const escapeText = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const label = (x, y, text, more = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${INK}" ${more}>${escapeText(text)}</text>`;

const PREFIXES = ['', 'k', 'M', 'G', 'T'];
const scaled = (unit) => (value) => {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${digits(value / 1000 ** power)} ${PREFIXES[power]}${unit}`.trim();
};
const digits = (value) => String(Number(value.toPrecision(3)));
/** The units of Grafana, as text. */
const UNITS = {
  short: scaled(''),
  bps: scaled('b/s'),
  pps: scaled('p/s'),
  cps: (value) => `${digits(value)} c/s`,
  ops: (value) => `${digits(value)} /s`,
  s: (value) => (value < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`),
  percentunit: (value) => `${digits(value * 100)} %`,
};

/** Returns the name of a series: the format of the query, filled with labels. */
const nameOf = (format, labels) =>
  format.replace(/\{\{(\w+)\}\}/g, (_, name) => labels[name] ?? '').trim();

/** Returns a rounded maximum for an axis, of at least `value`. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function drawStat({ x, y, width, height }, { fieldConfig }, [{ result }]) {
  const value = Number(result[0]?.value[1] ?? Number.NaN);
  const { unit, thresholds } = fieldConfig.defaults;
  const { color } = thresholds.steps.findLast((step) => step.value === null || value >= step.value);
  const fill = color === 'red' ? COLORS[5] : COLORS[0];
  const text = Number.isNaN(value) ? 'No data' : UNITS[unit](value);
  const style = `text-anchor="middle" font-size="30" font-weight="600" style="fill:${fill}"`;
  return [label(x + width / 2, y + height / 2 + 22, text, style)];
}

/** Returns the series of all queries of a panel, the largest first. */
function seriesOf(targets) {
  const all = targets.flatMap(({ legendFormat, result }) =>
    result.map(({ metric, values }) => ({
      name: nameOf(legendFormat, metric),
      points: values
        .map(([time, value]) => [time, Number(value)])
        .filter(([, v]) => !Number.isNaN(v)),
    })),
  );
  return all.filter(({ points }) => points.length > 0);
}

/** The pixels by which a line may be beside its points. */
const TOLERANCE = 0.3;

/** Returns the places of a line, from left to right, without those that make no visible difference. */
function corners(places) {
  if (places.length < 3) return places;
  const [[left, first], [right, last]] = [places[0], places.at(-1)];
  const offsets = places.map(([x, y]) =>
    Math.abs(first + ((last - first) * (x - left)) / (right - left) - y),
  );
  const furthest = offsets.indexOf(Math.max(...offsets));
  if (offsets[furthest] <= TOLERANCE) return [places[0], places.at(-1)];
  return [...corners(places.slice(0, furthest + 1)), ...corners(places.slice(furthest)).slice(1)];
}

function drawSeries({ x, y, width, height }, { fieldConfig }, targets, [from, to]) {
  const all = seriesOf(targets);
  const { unit, custom } = fieldConfig.defaults;
  const isStacked = custom.stacking.mode === 'normal';
  const sums = new Map();
  const drawn = all.map(({ name, points }) => ({
    name,
    points: points.map(([time, value]) => {
      const sum = (isStacked ? (sums.get(time) ?? 0) : 0) + value;
      sums.set(time, sum);
      return [time, sum];
    }),
  }));
  const max = ceiling(Math.max(0, ...drawn.flatMap(({ points }) => points.map(([, v]) => v))));
  const legendRows = Math.ceil(all.length / 2);
  const [left, right] = [x + 62, x + width - 12];
  const [top, bottom] = [y + 36, y + height - 28 - legendRows * 15];
  const across = (time) => left + ((time - from) / (to - from)) * (right - left);
  const up = (value) => bottom - (value / max) * (bottom - top);
  const shapes = [0, 0.5, 1].flatMap((share) => [
    `<line x1="${left}" x2="${right}" y1="${up(share * max)}" y2="${up(share * max)}" stroke="${FAINT}"/>`,
    label(
      left - 6,
      up(share * max) + 4,
      UNITS[unit](share * max),
      'text-anchor="end" font-size="11"',
    ),
  ]);
  for (const [index, { name, points }] of drawn.entries()) {
    const color = COLORS[index % COLORS.length];
    const path = corners(points.map(([time, v]) => [across(time), up(v)]));
    const places = path.map((place) => place.map((v) => Number(v.toFixed(1))).join());
    shapes.push(
      `<polyline points="${places.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`,
    );
    const [legendX, legendY] = [
      x + 14 + ((index % 2) * (width - 20)) / 2,
      bottom + 24 + Math.floor(index / 2) * 15,
    ];
    shapes.push(
      `<rect x="${legendX}" y="${legendY - 5}" width="10" height="3" fill="${color}"/>`,
      label(legendX + 15, legendY, name, 'font-size="11"'),
    );
  }
  if (all.length === 0) shapes.push(label((left + right) / 2, (top + bottom) / 2, 'No data'));
  return shapes;
}

function drawPanel(panel, targets, span) {
  const { gridPos, type, title } = panel;
  const place = {
    x: gridPos.x * COLUMN + GAP / 2,
    y: TOP + gridPos.y * ROW + GAP / 2,
    width: gridPos.w * COLUMN - GAP,
    height: gridPos.h * ROW - GAP,
  };
  const { x, y, width, height } = place;
  if (type === 'row') return [label(x + 4, y + 16, title, 'font-size="14" font-weight="600"')];
  const draw = type === 'stat' ? drawStat : drawSeries;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" fill="#ffffff" stroke="${FAINT}"/>`,
    label(x + 12, y + 20, title, 'font-weight="600"'),
    ...draw(place, panel, targets, span),
  ];
}

const dashboard = JSON.parse(readFileSync(dashboardFile, 'utf8'));
const { version, results } = JSON.parse(readFileSync(dataFile, 'utf8'));
const times = Object.values(results)
  .flat()
  .flatMap(({ result }) => result.flatMap(({ values = [] }) => values.map(([time]) => time)));
const span = [Math.min(...times), Math.max(...times)];
const rows = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
const [width, height] = [24 * COLUMN, TOP + rows * ROW + 16];
const note = `Values of Prometheus ${version} over ${Math.round(span[1] - span[0])} s, drawn by scripts/dashboard, not by Grafana`;
const shapes = [
  `<title>The dashboard ${escapeText(dashboard.title)}</title>`,
  `<rect width="${width}" height="${height}" fill="#f6f8fa"/>`,
  label(GAP, 30, dashboard.title, 'font-size="20" font-weight="600"'),
  label(width - GAP, 30, note, `text-anchor="end" style="fill:${GREY}"`),
  ...dashboard.panels.flatMap((panel) => drawPanel(panel, results[panel.id], span)),
];
const head =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
  `height="${height}" font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" ` +
  'font-size="13">';
writeFileSync(svgFile, `${[head, ...shapes, '</svg>'].join('\n')}\n`);
