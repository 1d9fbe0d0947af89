// What the caller's runs took: together, by day, agent or model, and which failed.
import { Link } from "../../app/router";
import { useLoading } from "../../client/loading";
import type { Numbers, Outcomes, UsageBy } from "../../client/usage";
import { numbersSince } from "../../client/usage";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { FigureList } from "../../parts/FigureList";
import { Spinner } from "../../parts/Spinner";
import { Bars, Columns } from "./Charts";
import type { Chosen } from "./Choices";
import { Choices, useChosen } from "./Choices";
import { Table, shownOf } from "./Table";
import type { Row } from "./measures";
import { MEASURES, lastDays, rowsOf, together } from "./measures";
import "./numbers.css";

const TITLES: Record<UsageBy, string> = { DAY: "Day (UTC)", AGENT: "Agent", MODEL: "Model" };

interface Loaded {
  by: UsageBy;
  days: string[];
  numbers: Numbers;
}

export default function NumbersView() {
  const chosen = useChosen();
  const { value, failure, loading, again } = useLoading(
    (signal) => load(chosen, signal),
    [chosen.days, chosen.by],
  );
  return (
    <article className="page wide">
      <header className="page-header">
        <h1>Numbers</h1>
        <p>What your runs took that have ended.</p>
      </header>
      <Choices chosen={chosen} />
      <FailureBanner failure={failure} onRetry={again} />
      {!value && loading && <Spinner label="Adding up" />}
      {value && !failure && <Shown loaded={value} show={chosen.show} />}
    </article>
  );
}

async function load({ days: number, by }: Chosen, signal: AbortSignal): Promise<Loaded> {
  const days = lastDays(number);
  const since = new Date(`${days[0]}T00:00:00Z`);
  return { by, days, numbers: await numbersSince(since, by, signal) };
}

function Shown({ loaded, show }: { loaded: Loaded; show: string }) {
  const { by, days, numbers } = loaded;
  const measure = MEASURES[show];
  if (!measure || numbers.usage.length === 0) return <NoRuns />;
  const rows = rowsOf(by, numbers, days);
  const bars = rows.map((row) => ({
    label: nameOf(row),
    value: measure.of(row),
    shown: shownOf(row, measure),
  }));
  const all = together(numbers);
  return (
    <>
      <FigureList rows={Object.values(MEASURES).map((each) => [each.label, shownOf(all, each)])} />
      <section className="card">
        <h2>{measure.label}</h2>
        {by === "DAY" ? <Columns title={measure.label} bars={bars} /> : <Bars bars={bars} />}
        <Table title={TITLES[by]} rows={rows} nameOf={nameOf} />
        <Sources unpriced={all.usage?.unpriced ?? 0} />
      </section>
      <Failures failures={all.outcomes?.failures ?? []} />
    </>
  );
}

function Failures({ failures }: Pick<Outcomes, "failures">) {
  return (
    <section className="card failures">
      <h2>Failures by code</h2>
      {failures.length === 0 && <p className="hint">No run failed.</p>}
      <Bars bars={failures.map(({ code, runs }) => ({ label: code, value: runs, shown: String(runs) }))} />
    </section>
  );
}

/** How the figures are to be read. */
function Sources({ unpriced }: { unpriced: number }) {
  return (
    <p className="hint">
      Of all runs that have ended. Half of them, and 95 %, took no longer than the median and p95, to
      the millisecond.
      {unpriced > 0 && ` Nobody knows the price of ${amount(unpriced, "run")}.`}
    </p>
  );
}

function amount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function NoRuns() {
  return (
    <Empty title="No runs in this time">
      <p>Runs are counted once they have ended.</p>
      <Link className="button" to="">
        To the chat
      </Link>
    </Empty>
  );
}

function nameOf({ key }: Row): string {
  return key ?? "not known";
}
