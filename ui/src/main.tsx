import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { loadConfig } from "./client/config";
import { observeRequests } from "./client/fetching";
import { applyScheme } from "./app/scheme";
import "./styles/index.css";

applyScheme();
const root = createRoot(document.getElementById("root")!);

try {
  const config = await loadConfig();
  observeRequests(config.runtime);
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  root.render(<p className="fallen">This page could not start: {reason}. Load it again.</p>);
}
