import { useState } from "react";
import type { FormEvent } from "react";
import { session, signIn } from "../client/session";
import { useStore } from "../client/store";
import { Dialog } from "../parts/Dialog";

/** Shown while the server wants to know who is asking. */
export function TokenDialog() {
  const { demanded } = useStore(session);
  const [text, setText] = useState("");
  if (!demanded) return null;

  function submit(event: FormEvent): void {
    event.preventDefault();
    const token = text.trim();
    if (!token) return;
    setText("");
    signIn(token);
  }

  return (
    <Dialog title="Who is asking?">
      <form onSubmit={submit}>
        <p>{demanded} Give the bearer token that you have for it.</p>
        <label className="field">
          <span>Token</span>
          <input
            className="input"
            type="password"
            autoComplete="off"
            autoFocus
            required
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <p className="hint">It is held in memory until you close or reload this page.</p>
        <div className="actions">
          <button className="button primary">Continue</button>
        </div>
      </form>
    </Dialog>
  );
}
