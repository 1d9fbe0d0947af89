// The page: CopilotKit as a user would set it up, with what the query asks for beside the chat.
//   runtimeUrl  where the runtime is (default: /copilotkit on this origin)
//   scenario    a name from ./scenarios (default: only the chat)
//   agent       locks the chat to this agent
//   threadId    opens this thread instead of a new one
import { createRoot } from "react-dom/client";
import { CopilotKit } from "@copilotkit/react-core";
import { CopilotChat } from "@copilotkit/react-ui";
import "@copilotkit/react-ui/styles.css";
import "./page.css";
import { scenarios } from "./scenarios";

const query = new URLSearchParams(window.location.search);
const Scenario = scenarios[query.get("scenario") ?? "chat"];

createRoot(document.getElementById("root")).render(
  <CopilotKit
    runtimeUrl={query.get("runtimeUrl") ?? "/copilotkit"}
    agent={query.get("agent") ?? undefined}
    threadId={query.get("threadId") ?? undefined}
  >
    <main>
      <section className="beside">
        <Scenario />
      </section>
      <CopilotChat />
    </main>
  </CopilotKit>,
);
