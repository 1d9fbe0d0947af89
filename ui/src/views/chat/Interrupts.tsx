import { useState } from "react";
import type { FormEvent } from "react";
import { useInterrupt } from "@copilotkit/react-core/v2";

/** What an agent asks in the middle of a run, with a field for the answer. */
export function Interrupts() {
  useInterrupt({
    render: ({ event, interrupt, resolve, cancel }) => (
      <Question text={questionOf(event, interrupt)} onAnswer={resolve} onCancel={cancel} />
    ),
  });
  return null;
}

interface QuestionProps {
  text: string;
  onAnswer: (answer: string) => void;
  onCancel: () => void;
}

function Question({ text, onAnswer, onCancel }: QuestionProps) {
  const [answer, setAnswer] = useState("");
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (answer.trim()) onAnswer(answer.trim());
  }
  return (
    <form className="question" onSubmit={submit} aria-label="The agent asks">
      <p>{text}</p>
      <label>
        <span className="visually-hidden">Answer</span>
        <input
          className="input"
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
        />
      </label>
      <div className="actions">
        <button type="button" className="button" onClick={() => onCancel()}>
          Dismiss
        </button>
        <button type="button" className="button" onClick={() => onAnswer("yes")}>
          Yes
        </button>
        <button className="button primary" disabled={!answer.trim()}>
          Answer
        </button>
      </div>
    </form>
  );
}

function questionOf(event: { value?: unknown }, interrupt: { message?: string } | null): string {
  if (interrupt?.message) return interrupt.message;
  const value = typeof event.value === "string" ? parsed(event.value) : event.value;
  if (typeof value === "string") return value;
  const question = (value as { question?: unknown } | null)?.question;
  return typeof question === "string" ? question : JSON.stringify(value, null, 2);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
