import { Suspense } from "react";
import type { Params } from "./router";
import { Link, matched, useAddress } from "./router";
import { Shell } from "./Shell";
import type { View } from "./views";
import { VIEWS } from "./views";
import { Boundary } from "../parts/Boundary";
import { Empty } from "../parts/Empty";
import { Spinner } from "../parts/Spinner";

export function App() {
  const address = useAddress();
  const found = viewAt(address);
  return (
    <Shell current={found?.view.name}>
      <Boundary key={found?.view.name}>
        <Suspense fallback={<Spinner label="Loading" />}>
          {found ? <found.view.component params={found.params} /> : <NotFound />}
        </Suspense>
      </Boundary>
    </Shell>
  );
}

function viewAt(address: string): { view: View; params: Params } | null {
  for (const view of VIEWS) {
    for (const pattern of view.paths) {
      const params = matched(pattern, address);
      if (params) return { view, params };
    }
  }
  return null;
}

function NotFound() {
  return (
    <Empty title="There is nothing here">
      <h1 className="visually-hidden">Not found</h1>
      <p>The address is of no view of this page.</p>
      <Link className="button" to="">
        To the chat
      </Link>
    </Empty>
  );
}
