// What stands in the place of entries.
import { Empty } from "../../parts/Empty";

export function Nothing() {
  return (
    <Empty title="Nothing is remembered of you">
      <p>Write “Remember that …” in a chat, or add something here.</p>
    </Empty>
  );
}

/** The server has no memory at all. */
export function NoMemory() {
  return (
    <Empty title="This server remembers nothing">
      <h1 className="visually-hidden">Memory</h1>
      <p>
        To change that, start it with <code>AGUI_MEMORY=1</code>; in an app of your own write{" "}
        <code>CopilotRuntime(memory=memory)</code> with a <code>memory = Memory()</code>, and{" "}
        <code>with_memory(agent, memory)</code> around each agent that is to know its users.
      </p>
    </Empty>
  );
}

/** The server has a memory, and this caller none. */
export function Anonymous() {
  return (
    <Empty title="Nothing is remembered of strangers">
      <h1 className="visually-hidden">Memory</h1>
      <p>
        The server does not know who you are. To change that, write{" "}
        <code>CopilotRuntime(authenticate=…)</code>, or <code>Memory(anonymous=True)</code> for one
        memory that everybody shares.
      </p>
    </Empty>
  );
}

/** No key opens anything. */
export function Sealed() {
  return (
    <section className="card">
      <h2>What to do</h2>
      <p>
        Nothing is lost, and agents go on without it. Whoever runs the server can put the key that
        sealed it back into <code>AGUI_KEYS</code>, or into the file beside the store. If nobody has
        that key any more, forget it, and you begin anew; where that is refused, too, all can begin
        anew after <code>agui-runtime memory reset</code>.
      </p>
    </section>
  );
}
