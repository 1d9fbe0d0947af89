// Bars: upright ones for days, lying ones for what has a name.

export interface Bar {
  label: string;
  value: number | null;
  shown: string;
}

const HEIGHT = 100;
const WIDTH = 10; // of a column, and the space beside it

/** Columns from the first day to the last. A table beside it has the figures for those who cannot
 * see it.
 */
export function Columns({ title, bars }: { title: string; bars: Bar[] }) {
  const most = mostOf(bars);
  return (
    <figure className="columns">
      <svg
        viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}, by day`}
      >
        {bars.map(({ label, value, shown }, place) => {
          const height = (HEIGHT * (value ?? 0)) / most;
          const left = place * WIDTH + WIDTH / 10;
          return (
            <g key={label}>
              <title>{`${label}: ${shown}`}</title>
              <rect className="column-ground" x={left} width={WIDTH * 0.8} height={HEIGHT} />
              <rect className="bar" x={left} y={HEIGHT - height} width={WIDTH * 0.8} height={height} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </figcaption>
    </figure>
  );
}

/** A row for each, with its name before and its value behind. */
export function Bars({ bars }: { bars: Bar[] }) {
  const most = mostOf(bars);
  return (
    <ul className="bars">
      {bars.map(({ label, value, shown }) => (
        <li key={label}>
          <span className="bar-label">{label}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect className="column-ground" width="100" height="10" />
            <rect className="bar" width={(100 * (value ?? 0)) / most} height="10" />
          </svg>
          <span className="bar-value">{shown}</span>
        </li>
      ))}
    </ul>
  );
}

function mostOf(bars: Bar[]): number {
  return Math.max(...bars.map(({ value }) => value ?? 0)) || 1;
}
