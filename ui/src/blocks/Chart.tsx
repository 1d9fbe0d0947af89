// Charts as SVG. `data` and `config` are shaped as recharts and shadcn have them.
import type { ReactNode } from "react";
import { colourOf, shown, type ChartContent, type Row } from "./content";

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 52;
const BOTTOM = 30;
const TOP = 12;
const RIGHT = 12;
const LABELS = 8;

interface Line {
  name: string;
  label: string;
  colour: string;
  values: (number | null)[];
}

export function Chart({ content }: { content: ChartContent }) {
  const { chartType, title, description } = content;
  const lines = linesOf(content);
  const round = chartType === "pie" || chartType === "radial";
  const legend = round ? slicesOf(content) : lines;
  return (
    <figure className="block-chart">
      {title && <figcaption>{title}</figcaption>}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title ?? `A ${chartType} chart`}>
        {DRAWN[chartType]?.(content, lines)}
      </svg>
      <ul className="block-legend">
        {legend.slice(0, 12).map((each, index) => (
          <li key={index}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2" fill={each.colour} />
            </svg>
            {each.label}
          </li>
        ))}
      </ul>
      {description && <p>{description}</p>}
    </figure>
  );
}

const DRAWN: Record<string, (content: ChartContent, lines: Line[]) => ReactNode> = {
  bar: (content, lines) => <Plane content={content} lines={lines} draw={bars} />,
  line: (content, lines) => <Plane content={content} lines={lines} draw={strokes} />,
  area: (content, lines) => <Plane content={content} lines={lines} draw={areas} />,
  pie: (content) => <Pie content={content} />,
  radial: (content) => <Rings content={content} />,
  radar: (content, lines) => <Radar content={content} lines={lines} />,
};

interface Scale {
  x: (index: number) => number;
  y: (value: number) => number;
  step: number;
  zero: number;
}

interface PlaneProps {
  content: ChartContent;
  lines: Line[];
  draw: (line: Line, index: number, count: number, scale: Scale) => ReactNode;
}

function Plane({ content, lines, draw }: PlaneProps) {
  const rows = content.data;
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const ticks = ticksOf(Math.min(0, ...ends(values)), Math.max(0, ...ends(values)));
  const low = Math.min(...ticks);
  const high = Math.max(...ticks);
  const step = (WIDTH - LEFT - RIGHT) / rows.length;
  const y = (value: number) =>
    TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const scale = { x: (index: number) => LEFT + step * (index + 0.5), y, step, zero: y(0) };
  const each = Math.ceil(rows.length / LABELS);
  return (
    <>
      {ticks.map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} className="block-grid" />
          <text x={LEFT - 6} y={y(value) + 4} textAnchor="end">
            {short(value)}
          </text>
        </g>
      ))}
      {rows.map(
        (row, index) =>
          index % each === 0 && (
            <text key={index} x={scale.x(index)} y={HEIGHT - 10} textAnchor="middle">
              {nameOf(content, row, index).slice(0, 14)}
            </text>
          ),
      )}
      {lines.map((line, index) => (
        <g key={line.name}>{draw(line, index, lines.length, scale)}</g>
      ))}
    </>
  );
}

// The least and the greatest: spread, thousands of values are too many arguments.
function ends(values: number[]): number[] {
  return values.length === 0 ? [] : [
    values.reduce((least, value) => Math.min(least, value)),
    values.reduce((most, value) => Math.max(most, value)),
  ];
}

// Some four round numbers, from at most the least value to at least the greatest.
function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 4 || 0.25;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

function bars(line: Line, place: number, count: number, scale: Scale): ReactNode {
  const width = (scale.step * 0.8) / count;
  return line.values.map((value, index) =>
    value === null ? null : (
      <rect
        key={index}
        x={scale.x(index) - scale.step * 0.4 + width * place}
        y={Math.min(scale.y(value), scale.zero)}
        width={Math.max(width - 1, 0.5)}
        height={Math.abs(scale.y(value) - scale.zero)}
        fill={line.colour}
      >
        <title>{`${line.label}: ${value}`}</title>
      </rect>
    ),
  );
}

function strokes(line: Line, _: number, __: number, scale: Scale): ReactNode {
  return runsOf(line).map((run) => (
    <g key={run[0]![0]}>
      <path d={pathOf(run, scale)} fill="none" stroke={line.colour} strokeWidth="2" />
      {run.length === 1 && (
        <circle cx={scale.x(run[0]![0])} cy={scale.y(run[0]![1])} r="3" fill={line.colour} />
      )}
    </g>
  ));
}

function areas(line: Line, place: number, count: number, scale: Scale): ReactNode {
  return (
    <>
      {runsOf(line).map((run) => {
        const [first, last] = [scale.x(run[0]![0]), scale.x(run.at(-1)![0])];
        const closed = `${pathOf(run, scale)}L${last},${scale.zero}L${first},${scale.zero}Z`;
        return <path key={run[0]![0]} d={closed} fill={line.colour} fillOpacity="0.25" />;
      })}
      {strokes(line, place, count, scale)}
    </>
  );
}

function Pie({ content }: { content: ChartContent }) {
  const slices = slicesOf(content);
  const whole = slices.reduce((sum, slice) => sum + slice.value, 0) || 1;
  let begun = 0;
  return slices.map((slice, index) => {
    const from = begun / whole;
    begun += slice.value;
    return (
      <path key={index} d={sector(from, begun / whole, 110)} fill={slice.colour}>
        <title>{`${slice.label}: ${slice.value}`}</title>
      </path>
    );
  });
}

function Rings({ content }: { content: ChartContent }) {
  const slices = slicesOf(content).slice(0, 12);
  const most = Math.max(...slices.map((slice) => slice.value), 0) || 1;
  const width = 100 / slices.length;
  return slices.map((slice, index) => {
    const radius = 110 - width * (index + 0.5);
    const [x, y] = at((slice.value / most) * 0.75, radius);
    const large = slice.value / most > 2 / 3 ? 1 : 0;
    const start = `M${WIDTH / 2},${HEIGHT / 2 - radius}`;
    return (
      <path
        key={index}
        d={`${start}A${radius},${radius} 0 ${large} 1 ${x},${y}`}
        fill="none"
        stroke={slice.colour}
        strokeWidth={width * 0.8}
      >
        <title>{`${slice.label}: ${slice.value}`}</title>
      </path>
    );
  });
}

function Radar({ content, lines }: { content: ChartContent; lines: Line[] }) {
  const count = content.data.length;
  const most = Math.max(...lines.flatMap((line) => line.values.map((value) => value ?? 0)), 0) || 1;
  return (
    <>
      {content.data.map((row, index) => {
        const [x, y] = at(index / count, 95);
        const [labelX, labelY] = at(index / count, 110);
        return (
          <g key={index}>
            <line x1={WIDTH / 2} y1={HEIGHT / 2} x2={x} y2={y} className="block-grid" />
            <text x={labelX} y={labelY + 4} textAnchor="middle">
              {nameOf(content, row, index).slice(0, 14)}
            </text>
          </g>
        );
      })}
      {lines.map((line) => (
        <polygon
          key={line.name}
          points={line.values
            .map((value, index) => at(index / count, (Math.max(value ?? 0, 0) / most) * 95).join())
            .join(" ")}
          fill={line.colour}
          fillOpacity="0.25"
          stroke={line.colour}
        />
      ))}
    </>
  );
}

function linesOf(content: ChartContent): Line[] {
  const columns = new Set(content.data.flatMap(Object.keys));
  return Object.entries(content.config)
    .filter(([name]) => columns.has(name) && name !== content.xKey)
    .map(([name, series], index) => ({
      name,
      label: series.label ?? name,
      colour: colourOf(series.color, index),
      values: content.data.map((row) => numberIn(row, name)),
    }));
}

/** Of the first series: a slice for each row. */
function slicesOf(content: ChartContent) {
  const name = linesOf(content)[0]?.name ?? "";
  return content.data.map((row, index) => {
    const label = nameOf(content, row, index);
    const series = Object.hasOwn(content.config, label) ? content.config[label] : undefined;
    return {
      label: series?.label ?? label,
      colour: colourOf(series?.color, index),
      value: Math.max(numberIn(row, name) ?? 0, 0),
    };
  });
}

function runsOf(line: Line): [number, number][][] {
  const runs: [number, number][][] = [[]];
  line.values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1)!.push([index, value]);
  });
  return runs.filter((run) => run.length > 0);
}

function pathOf(run: [number, number][], scale: Scale): string {
  return run.map(([index, value], at) => `${at ? "L" : "M"}${scale.x(index)},${scale.y(value)}`).join("");
}

function sector(from: number, to: number, radius: number): string {
  const end = Math.min(to, from + 0.99999);
  const [x1, y1] = at(from, radius);
  const [x2, y2] = at(end, radius);
  const arc = `A${radius},${radius} 0 ${end - from > 0.5 ? 1 : 0} 1 ${x2},${y2}`;
  return `M${WIDTH / 2},${HEIGHT / 2}L${x1},${y1}${arc}Z`;
}

function at(turn: number, radius: number): [number, number] {
  const angle = turn * 2 * Math.PI;
  return [WIDTH / 2 + radius * Math.sin(angle), HEIGHT / 2 - radius * Math.cos(angle)];
}

function numberIn(row: Row, name: string): number | null {
  const value = Object.hasOwn(row, name) ? row[name] : null;
  return typeof value === "number" ? value : null;
}

function nameOf(content: ChartContent, row: Row, index: number): string {
  const name = content.xKey;
  return name && Object.hasOwn(row, name) ? shown(row[name]) : String(index + 1);
}

function short(value: number): string {
  return new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
