import { useRef } from "react";
import type { ReactNode } from "react";
import { AWAY } from "../client/requests";
import type { RequestFailure } from "../client/requests";
import { Code } from "./Code";
import { useFocusBack } from "./focus";

interface BannerProps {
  title: string;
  tone?: "error" | "warning";
  children?: ReactNode;
  onRetry?: (() => void) | undefined;
  onDismiss?: (() => void) | undefined;
}

/** When it goes by one of its buttons, the focus goes back to where it was when it came. */
export function Banner({ title, tone = "error", children, onRetry, onDismiss }: BannerProps) {
  const banner = useRef<HTMLDivElement>(null);
  useFocusBack(banner);
  return (
    <div className={`banner ${tone}`} role={tone === "error" ? "alert" : "status"} ref={banner}>
      <div>
        <strong>{title}</strong>
        {children && <div className="banner-text">{children}</div>}
      </div>
      <div className="banner-actions">
        {onRetry && (
          <button className="button" onClick={onRetry}>
            Try again
          </button>
        )}
        {onDismiss && (
          <button className="button" onClick={onDismiss}>
            Dismiss
          </button>
        )}
      </div>
    </div>
  );
}

interface FailureProps {
  failure: RequestFailure | undefined;
  onRetry?: (() => void) | undefined;
  onDismiss?: (() => void) | undefined;
}

/** An answer that was an error: what it says, its code, and the id to look for in the log. */
const LONGEST = 300; // characters of a title

export function FailureBanner({ failure, onRetry, onDismiss }: FailureProps) {
  // The shell asks for a token, and says that the server is away.
  if (!failure || failure.status === 401 || failure.code === AWAY) return null;
  const { message } = failure;
  const isLong = message.length > LONGEST;
  return (
    <Banner
      title={isLong ? `${message.slice(0, LONGEST)}…` : message}
      onRetry={onRetry}
      onDismiss={onDismiss}
    >
      {isLong && (
        <details>
          <summary>All of the message</summary>
          <Code label="The message">{message}</Code>
        </details>
      )}
      <Codes code={failure.code} requestId={failure.requestId} />
    </Banner>
  );
}

export function Codes({ code, requestId }: { code: string; requestId: string | null }) {
  return (
    <p className="codes">
      <code>{code}</code>
      {requestId && (
        <>
          {" "}
          request <code>{requestId}</code>
        </>
      )}
    </p>
  );
}
