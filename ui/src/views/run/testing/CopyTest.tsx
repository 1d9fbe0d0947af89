import { useState } from "react";
import { config } from "../../../client/config";
import { isLive } from "../../../client/endings";
import { failure as failureOf } from "../../../client/loading";
import { messagesOf } from "../../../client/messages";
import type { RequestFailure } from "../../../client/requests";
import { runsOf } from "../../../client/threads";
import { Banner, FailureBanner } from "../../../parts/Banner";
import { CopyButton } from "../../../parts/Copy";
import { Dialog } from "../../../parts/Dialog";
import { Icon } from "../../../parts/Icon";
import { COMMAND, FILE, hasFailed, promiseOf, pytestFile } from "./pytestFile";
import type { Recorded } from "./recorded";
import { isAnswer } from "./recorded";
import "./testing.css";

interface Made {
  text: string;
  isCopied: boolean;
}

/** Copies a test that asks the agent the same again, and says how to run it. */
export function CopyTest({ recorded }: { recorded: Recorded }) {
  const [made, setMade] = useState<Made>();
  const [failure, setFailure] = useState<RequestFailure>();
  const [cannot, setCannot] = useState(false);
  if (isLive(recorded.details.status)) return null;

  async function copy(): Promise<void> {
    setFailure(undefined);
    const { thread, run } = recorded;
    try {
      const [messages, runs] = await Promise.all([messagesOf(thread), runsOf(thread)]);
      if (isAnswer(run, runs)) return setCannot(true);
      const text = pytestFile(recorded, messages, config().runtime);
      setMade({ text, isCopied: await isPut(text) });
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  return (
    <>
      <button className="button" onClick={copy}>
        <Icon name="copy" /> {hasFailed(recorded) ? "Copy as a failing test" : "Copy as a test"}
      </button>
      {cannot && <Banner tone="warning" title="A run that answers an interrupt is no test by itself" />}
      <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
      {made && <HowTo made={made} promise={promiseOf(recorded)} onClose={() => setMade(undefined)} />}
    </>
  );
}

/** Whether the clipboard has it: a page without TLS may not write there, nor one that is not allowed to. */
async function isPut(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

interface HowToProps {
  made: Made;
  promise: string;
  onClose: () => void;
}

function HowTo({ made: { text, isCopied }, promise, onClose }: HowToProps) {
  return (
    <Dialog title={isCopied ? "The test is copied" : "Copy the test"} onClose={onClose}>
      {!isCopied && <p>The browser does not let this page write to the clipboard: copy it below.</p>}
      <p>
        Save it as <code>{FILE}</code> and, while your server runs:
      </p>
      <div className="copyable">
        <code>{COMMAND}</code>
        <CopyButton text={COMMAND} />
      </div>
      <p className="hint">{promise}</p>
      <pre className="code test-text" tabIndex={0} aria-label={FILE} role="region">
        {text}
      </pre>
      <div className="actions">
        <button className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
