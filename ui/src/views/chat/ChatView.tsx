// The chat with the caller's threads beside it.
import { lazy, Suspense, useState } from "react";
import type { Params } from "../../app/router";
import { Link, navigate, to, useQuery } from "../../app/router";
import { loadInfo } from "../../client/info";
import { useLoading } from "../../client/loading";
import { session } from "../../client/session";
import { useStore } from "../../client/store";
import type { Run } from "../../client/threads";
import { runsOf } from "../../client/threads";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Spinner } from "../../parts/Spinner";
import { AgentChoice } from "./AgentChoice";
import { ThreadList } from "./ThreadList";
import { ForkContext } from "./forks";
import type { Seed } from "./forks";
import "./chat.css";

const Conversation = lazy(() => import("./Conversation"));

export default function ChatView({ params }: { params: Params }) {
  const [fresh, setFresh] = useState(() => crypto.randomUUID());
  const [listed, setListed] = useState(false); // on narrow screens, where it covers the chat
  const [changes, setChanges] = useState(0);
  const [agent, setAgent] = useState(useQuery().get("agent"));
  const [seed, setSeed] = useState<Seed>();
  const thread = params.thread ?? fresh;

  function begin(): void {
    setFresh(crypto.randomUUID());
    setListed(false);
    navigate("");
  }

  function fork(messages: Seed["messages"]): void {
    const id = crypto.randomUUID();
    setSeed({ thread: id, messages });
    setFresh(id);
    navigate("");
  }

  function begun(): void {
    if (params.thread !== thread) navigate(to("threads", thread), { replace: true });
    setChanges((before) => before + 1);
  }

  return (
    <div className="chat-view" data-listed={listed}>
      <h1 className="visually-hidden">Chat</h1>
      <aside className="chat-threads" aria-label="Threads">
        <ThreadList
          current={params.thread}
          changes={changes}
          onNew={begin}
          onOpen={() => setListed(false)}
        />
      </aside>
      <section className="chat-main" aria-label="Chat">
        <ForkContext value={fork}>
          <OpenThread
            key={thread}
            thread={thread}
            isNew={params.thread === undefined || params.thread === fresh}
            seed={seed?.thread === thread ? seed : undefined}
            agent={agent}
            onAgent={setAgent}
            onRun={begun}
            onList={() => setListed((before) => !before)}
          />
        </ForkContext>
      </section>
    </div>
  );
}

interface OpenThreadProps {
  thread: string;
  isNew: boolean;
  seed: Seed | undefined;
  agent: string | null;
  onAgent: (name: string) => void;
  onRun: () => void;
  onList: () => void;
}

function OpenThread(props: OpenThreadProps) {
  const { thread, isNew, seed, agent, onAgent, onRun, onList } = props;
  const { token } = useStore(session);
  const info = useLoading(loadInfo, []);
  const [begun, setBegun] = useState(!isNew);
  const runs = useLoading(
    (signal) => (begun ? runsOf(thread, signal) : Promise.resolve<Run[]>([])),
    [thread, begun],
  );
  const failure = info.failure ?? runs.failure;
  const agents = Object.values(info.value?.agents ?? {});
  const usual = agents.find(({ name }) => name === "default") ?? agents[0];
  const chosen = agent ?? runs.value?.at(-1)?.agentId ?? usual?.name;

  function again(): void {
    info.again();
    runs.again();
  }

  function ran(): void {
    onRun();
    setBegun(true);
    runs.again();
  }

  if (failure && !(info.value && runs.value)) {
    return <FailureBanner failure={failure} onRetry={again} />;
  }
  if (!info.value || !runs.value) return <Spinner label="Loading the thread" />;
  if (!chosen) return <Empty title="This server has no agents" />;
  if (!isNew && runs.value.length === 0) return <NoThread />;
  return (
    <>
      <header className="chat-head">
        <button className="quiet list-button" onClick={onList} aria-label="Threads">
          <Icon name="list" />
        </button>
        <AgentChoice agents={agents} chosen={chosen} onChoose={onAgent} />
      </header>
      <Suspense fallback={<Spinner label="Loading the chat" />}>
        <Conversation
          key={token}
          thread={thread}
          agent={chosen}
          runs={runs.value}
          seed={seed}
          onStarted={onRun}
          onRan={ran}
        />
      </Suspense>
    </>
  );
}

function NoThread() {
  return (
    <Empty title="Thread not found">
      <p>It was deleted, or it belongs to somebody else.</p>
      <Link className="button" to="">
        Begin a new one
      </Link>
    </Empty>
  );
}
