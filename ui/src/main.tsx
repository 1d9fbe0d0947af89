import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { loadConfig, root as page } from "./client/config";
import { observeRequests } from "./client/fetching";
import { isolateFrames } from "./app/frames";
import { applyScheme } from "./app/scheme";
import { followUpdates } from "./app/updates";
import "./styles/index.css";

applyScheme();
isolateFrames();
followUpdates();
// Relative to this page, not to the view that is shown: browsers resolve it again with each address.
document.querySelector<HTMLLinkElement>("link[rel=icon]")!.href = new URL("icon.svg", page).href;
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
