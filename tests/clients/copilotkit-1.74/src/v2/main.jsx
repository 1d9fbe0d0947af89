// The page: today's CopilotKit as a user would set it up, with what the query asks for beside the
// chat.
//   runtimeUrl  where the runtime is (default: /copilotkit on this origin)
//   transport   `rest` for a path each, `single` for one path (default: the page finds out)
//   scenario    a name from ./scenarios (default: only the chat)
//   agent       whom the chat talks to (default: the agent `default`)
//   threadId    opens this thread instead of a new one
//   user        signs in as this user
import { Component, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  CopilotChat,
  CopilotChatConfigurationProvider,
  CopilotKitProvider,
} from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import "../page.css";
import { Ready } from "../ready";
import { scenarios } from "./scenarios";

const query = new URLSearchParams(window.location.search);
const user = query.get("user");
const agent = query.get("agent") ?? "default";
const scenario = scenarios[query.get("scenario") ?? "chat"];
const { Beside, Chat = CopilotChat, attachments, a2ui } = scenario;
const single = { single: true, rest: false }[query.get("transport")];
// Made once: the provider takes a new object for a change of the set-up.
const headers = user ? { authorization: `Bearer ${user}` } : {};
const properties = { tenant: "acme" };

// Where a hook throws: React would otherwise leave nothing on the screen.
class Fallen extends Component {
  state = {};

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    return error ? <p id="fallen">{error.message}</p> : this.props.children;
  }
}

function Page() {
  const [threadId, open] = useState(query.get("threadId") ?? undefined);
  const [errors, setErrors] = useState([]);
  const note = ({ code, error }) => setErrors((known) => [...known, `${code}: ${error.message}`]);
  return (
    <CopilotKitProvider
      runtimeUrl={query.get("runtimeUrl") ?? "/copilotkit"}
      useSingleEndpoint={single}
      headers={headers}
      properties={properties}
      a2ui={a2ui}
      enableInspector={false}
      onError={note}
    >
      <CopilotChatConfigurationProvider agentId={agent} threadId={threadId}>
        <main>
          <section className="beside">
            <Ready agent={agent} />
            <Beside agent={agent} open={open} />
            <ul id="errors">
              {errors.map((error, at) => (
                <li key={at}>{error}</li>
              ))}
            </ul>
          </section>
          <section className="chat">
            <Chat attachments={attachments} />
          </section>
        </main>
      </CopilotChatConfigurationProvider>
    </CopilotKitProvider>
  );
}

createRoot(document.getElementById("root")).render(
  <Fallen>
    <Page />
  </Fallen>,
);
