// One run: what it did, what it took, and each of its records.
import { useEffect, useState } from "react";
import type { Params } from "../../app/router";
import { Link, navigate, to, useQuery } from "../../app/router";
import { failure as failureOf } from "../../client/loading";
import { MISSING } from "../../client/requests";
import type { RequestFailure } from "../../client/requests";
import type { RunDetails, RunRecord } from "../../client/runs";
import { followRun } from "../../client/runs";
import { session } from "../../client/session";
import { useStore } from "../../client/store";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Spinner } from "../../parts/Spinner";
import { Figures } from "./Figures";
import { RunBody } from "./RunBody";
import { CopyTest } from "./testing/CopyTest";
import "./run.css";

interface Known {
  details?: RunDetails;
  records: RunRecord[];
  isGone?: boolean;
}

const NOTHING: Known = { records: [] };

export default function RunView({ params }: { params: Params }) {
  const { thread = "", run = "" } = params;
  const { token } = useStore(session);
  const [known, setKnown] = useState(NOTHING);
  const [failure, setFailure] = useState<RequestFailure>();
  const [turn, setTurn] = useState(0);
  const at = useQuery().get("at");

  useEffect(() => {
    const ending = new AbortController();
    setKnown(NOTHING);
    setFailure(undefined);
    void follow();
    return () => ending.abort();

    async function follow(): Promise<void> {
      try {
        for await (const page of followRun(thread, run, ending.signal)) {
          if (ending.signal.aborted) return;
          setKnown((before) => ({
            details: page?.details ?? before.details,
            records: page?.records.length ? [...before.records, ...page.records] : before.records,
            isGone: page === null,
          }));
        }
      } catch (error) {
        if (ending.signal.aborted) return;
        const failed = failureOf(error);
        if (MISSING.has(failed.code)) setKnown({ records: [], isGone: true });
        else setFailure(failed);
      }
    }
  }, [thread, run, token, turn]);

  function choose(cursor: string): void {
    navigate(`${to("threads", thread, "runs", run)}?at=${encodeURIComponent(cursor)}`, {
      replace: true,
    });
  }

  if (known.isGone) return <NoRun thread={thread} />;
  const retry = () => setTurn((before) => before + 1);
  const { details, records } = known;
  if (!details) {
    return failure ? <FailureBanner failure={failure} onRetry={retry} /> : <Spinner label="Loading" />;
  }
  return (
    <article className="page wide">
      <header className="page-header">
        <Link className="back" to={to("threads", thread)}>
          <Icon name="back" /> The thread
        </Link>
        <div className="card-head">
          <h1>Run of {details.agentName}</h1>
          <div className="run-tools">
            <CopyTest recorded={{ thread, run, details, records }} />
            <Link className="button" to={to("state", thread, details.agentName)}>
              <Icon name="state" /> State
            </Link>
          </div>
        </div>
        <p>
          <code>{run}</code>
        </p>
      </header>
      <FailureBanner failure={failure} onRetry={retry} />
      <Figures thread={thread} details={details} />
      <RunBody details={details} records={records} at={at} onChoose={choose} />
    </article>
  );
}

function NoRun({ thread }: { thread: string }) {
  return (
    <Empty title="Run not found">
      <h1 className="visually-hidden">Run</h1>
      <p>It was deleted with its thread, its records are gone, or it belongs to somebody else.</p>
      <Link className="button" to={to("threads", thread)}>
        To the thread
      </Link>
    </Empty>
  );
}
