import { useState } from "react";
import { Icon } from "./Icon";

interface CopyProps {
  text: string;
  label?: string;
  /** What the text is, where there are several. */
  of?: string;
}

/** A text that people take elsewhere, with a button for it. */
export function CopyButton({ text, label = "Copy", of }: CopyProps) {
  const [done, setDone] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 1500);
  }
  return (
    <button className="button" onClick={copy}>
      <Icon name="copy" />
      <span aria-live="polite">{done ? "Copied" : label}</span>
      {of && <span className="visually-hidden"> {of}</span>}
    </button>
  );
}
