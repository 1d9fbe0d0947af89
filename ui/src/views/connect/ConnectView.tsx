// How a front end of one's own reaches this server.
import { config } from "../../client/config";
import { Code } from "../../parts/Code";
import { CopyButton } from "../../parts/Copy";

const TODAY = (url: string) => `import { CopilotChat, CopilotKitProvider } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";

export default function App() {
  return (
    <CopilotKitProvider runtimeUrl="${url}">
      <div style={{ height: "100vh" }}>
        <CopilotChat threadId="my-first-chat" />
      </div>
    </CopilotKitProvider>
  );
}`;

const BEFORE = (url: string) => `import { CopilotKit } from "@copilotkit/react-core";
import { CopilotChat } from "@copilotkit/react-ui";
import "@copilotkit/react-ui/styles.css";

export default function App() {
  return (
    <CopilotKit runtimeUrl="${url}">
      <CopilotChat labels={{ initial: "Hello! Ask me something." }} />
    </CopilotKit>
  );
}`;

const DOCUMENTATION = "https://github.com/agui-runtime/agui-runtime#readme";

export default function ConnectView() {
  const { runtime } = config();
  return (
    <article className="page">
      <header className="page-header">
        <h1>Connect a front end</h1>
        <p>
          CopilotKit front ends reach this server by one address, over AG-UI or GraphQL. Nothing else
          of them changes.
        </p>
      </header>
      <section className="card">
        <h2>runtimeUrl</h2>
        <div className="copyable">
          <code>{runtime}</code>
          <CopyButton text={runtime} of="runtimeUrl" />
        </div>
        <p className="hint">
          In a browser the same address is a <a href={runtime}>GraphQL playground</a>, unless the
          server is in production. <a href={DOCUMENTATION}>Documentation</a>
        </p>
      </section>
      <Snippet
        title="Today's CopilotKit"
        packages="npm install @copilotkit/react-core"
        code={TODAY(runtime)}
      />
      <Snippet
        title="CopilotKit up to 1.10"
        packages="npm install @copilotkit/react-core @copilotkit/react-ui"
        code={BEFORE(runtime)}
      />
    </article>
  );
}

function Snippet({ title, packages, code }: { title: string; packages: string; code: string }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>{title}</h2>
        <CopyButton text={code} of={title} />
      </div>
      <p className="hint">
        <code>{packages}</code>
      </p>
      <Code label={title}>{code}</Code>
    </section>
  );
}
