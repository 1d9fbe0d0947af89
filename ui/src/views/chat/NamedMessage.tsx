import { useEffect } from "react";
import { useQuery } from "../../app/router";

const SHOWN_FOR = 3000; // milliseconds

/** Brings the message into sight that the address names, once the chat is ready. */
export function NamedMessage({ ready }: { ready: boolean }) {
  const id = useQuery().get("message");
  useEffect(() => {
    if (!ready || !id) return;
    const message = document.querySelector(`[data-message-id="${CSS.escape(id)}"]`);
    message?.scrollIntoView({ block: "center" });
    message?.animate({ background: ["var(--brand-ground)", "transparent"] }, SHOWN_FOR);
  }, [ready, id]);
  return null;
}
