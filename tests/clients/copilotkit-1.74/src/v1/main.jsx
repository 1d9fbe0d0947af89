// The page: the very set-up and scenarios of the 1.10 page, on a release of today.
//   runtimeUrl  where the runtime is (default: /copilotkit on this origin)
//   scenario    a name from the scenarios of the 1.10 page (default: only the chat)
//   agent       locks the chat to this agent
//   threadId    opens this thread instead of a new one
import { createRoot } from "react-dom/client";
import { CopilotKit } from "@copilotkit/react-core";
import { CopilotChat } from "@copilotkit/react-ui";
import "@copilotkit/react-ui/styles.css";
import "../page.css";
import { Ready } from "../ready";
import { scenarios } from "../../../copilotkit-1.10/src/scenarios";

const query = new URLSearchParams(window.location.search);
const Scenario = scenarios[query.get("scenario") ?? "chat"];

createRoot(document.getElementById("root")).render(
  <CopilotKit
    runtimeUrl={query.get("runtimeUrl") ?? "/copilotkit"}
    agent={query.get("agent") ?? undefined}
    threadId={query.get("threadId") ?? undefined}
    enableInspector={false}
  >
    <main>
      <section className="beside">
        <Ready agent={query.get("agent") ?? "default"} />
        <Scenario />
      </section>
      <CopilotChat />
    </main>
  </CopilotKit>,
);
