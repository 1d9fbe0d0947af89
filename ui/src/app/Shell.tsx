// What is around each view: the way to the others, and what concerns all of them.
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { Navigation } from "./Navigation";
import { useAddress } from "./router";
import { TokenDialog } from "./TokenDialog";
import { connection } from "../client/fetching";
import { loadInfo } from "../client/info";
import { useStore } from "../client/store";
import { Banner } from "../parts/Banner";

const ASK_EVERY = 1000; // milliseconds, while the server is away

export function Shell({ current, children }: { current: string | undefined; children: ReactNode }) {
  const { reachable } = useStore(connection);
  const content = useFocus();
  useEffect(() => {
    if (reachable) return;
    const asking = window.setInterval(() => loadInfo().catch(() => undefined), ASK_EVERY);
    return () => window.clearInterval(asking);
  }, [reachable]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Navigation current={current} />
      <main id="content" className="content" tabIndex={-1} ref={content}>
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

/** Takes the focus when it was lost with the link that led to another view. */
function useFocus() {
  const content = useRef<HTMLElement>(null);
  const place = useAddress().split("?")[0];
  const before = useRef(place);
  useEffect(() => {
    const moved = before.current !== place;
    before.current = place;
    if (moved && document.activeElement === document.body) content.current?.focus();
  }, [place]);
  return content;
}
