// What is around each view: the way to the others, and what concerns all of them.
import type { ReactNode } from "react";
import { Navigation } from "./Navigation";
import { TokenDialog } from "./TokenDialog";
import { connection } from "../client/fetching";
import { useStore } from "../client/store";
import { Banner } from "../parts/Banner";

export function Shell({ current, children }: { current: string | undefined; children: ReactNode }) {
  const { reachable } = useStore(connection);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Navigation current={current} />
      <main id="content" className="content" tabIndex={-1}>
        {!reachable && (
          <Banner tone="warning" title="The server cannot be reached">
            What you see stays; this goes on by itself when the server is back.
          </Banner>
        )}
        {children}
      </main>
      <TokenDialog />
    </div>
  );
}
