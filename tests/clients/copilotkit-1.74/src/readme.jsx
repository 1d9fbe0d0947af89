// A front end of the README, as it stands there.
//   runtimeUrl  where the runtime is, in place of the address that the README gives
//   example     `today` or `before`
import { lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";

const examples = {
  today: lazy(() => import("readme/today.tsx")),
  before: lazy(() => import("readme/before.tsx")),
};
const App = examples[new URLSearchParams(window.location.search).get("example")];

createRoot(document.getElementById("root")).render(
  <Suspense>
    <App />
  </Suspense>,
);
