// What people do with a message: ask again, edit, fork, look at the run behind it.
import { createContext, useContext, useState } from "react";
import type { FormEvent } from "react";
import {
  CopilotChatAssistantMessage,
  CopilotChatUserMessage,
  useAgent,
  useCopilotChatConfiguration,
  useCopilotKit,
} from "@copilotkit/react-core/v2";
import type {
  CopilotChatAssistantMessageProps,
  CopilotChatUserMessageProps,
  Message,
} from "@copilotkit/react-core/v2";
import { Link, to } from "../../app/router";
import { hasView } from "../../app/views";
import type { Run } from "../../client/threads";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { useFork } from "./forks";
import { textOf, withText } from "./messages";

/** The runs of the thread, as far as the log holds them. */
export const RunsContext = createContext<Run[]>([]);

function useChat() {
  const { agentId, threadId } = useCopilotChatConfiguration()!;
  const { agent } = useAgent({ agentId });
  const { copilotkit } = useCopilotKit();

  /** Goes on from these messages; those after them are gone from the thread. */
  function goOn(messages: Message[]): void {
    agent.setMessages(messages);
    void copilotkit.runAgent({ agent });
  }

  return { agent, threadId, goOn };
}

function Answer(props: CopilotChatAssistantMessageProps) {
  const { agent, threadId, goOn } = useChat();
  const runs = useContext(RunsContext);
  const fork = useFork();
  const { id } = props.message;
  const run = runs.find(({ messages }) => messages.some((each) => each.id === id));

  function again(): void {
    const at = agent.messages.findIndex((each) => each.id === id);
    const question = agent.messages.slice(0, at).findLastIndex(({ role }) => role === "user");
    goOn(agent.messages.slice(0, question + 1));
  }

  function branch(): void {
    const at = agent.messages.findIndex((each) => each.id === id);
    fork(agent.messages.slice(0, at + 1));
  }

  return (
    <CopilotChatAssistantMessage
      {...props}
      messages={agent.messages} // CopilotKit draws an answer that others follow no more: in the props
      isRunning={agent.isRunning} // it is the last one for ever, of a run that goes on
      onRegenerate={again}
      additionalToolbarItems={
        <>
          <button className="message-tool" onClick={branch} title="Fork from here">
            <Icon name="fork" />
            <span className="visually-hidden">Fork from here</span>
          </button>
          {run && hasView("run") && (
            <Link className="message-tool" to={to("threads", threadId, "runs", run.id)}>
              <Icon name="run" />
              <span>Run</span>
            </Link>
          )}
        </>
      }
    />
  );
}

function Question(props: CopilotChatUserMessageProps) {
  const { agent, goOn } = useChat();
  const [editing, setEditing] = useState(false);
  const { message } = props;

  function edit(text: string): void {
    setEditing(false);
    const at = agent.messages.findIndex((each) => each.id === message.id);
    // Under its id: so the server knows it for an edit.
    goOn([...agent.messages.slice(0, at), { ...message, content: withText(message.content, text) }]);
  }

  return (
    <>
      <CopilotChatUserMessage {...props} onEditMessage={() => setEditing(true)} />
      {editing && (
        <Edit text={textOf(message)} onDone={edit} onClose={() => setEditing(false)} />
      )}
    </>
  );
}

/** The parts of CopilotKit's own messages, with our tools. */
export const AnswerTools = Object.assign(Answer, CopilotChatAssistantMessage);
export const QuestionTools = Object.assign(Question, CopilotChatUserMessage);

interface EditProps {
  text: string;
  onDone: (text: string) => void;
  onClose: () => void;
}

function Edit({ text: before, onDone, onClose }: EditProps) {
  const [text, setText] = useState(before);
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim()) onDone(text);
  }
  return (
    <Dialog title="Edit and ask again" onClose={onClose}>
      <form onSubmit={submit}>
        <textarea
          className="input"
          aria-label="Message"
          rows={5}
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <p className="hint">What came after this message is replaced. A fork keeps both.</p>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button primary" disabled={!text.trim()}>
            Ask
          </button>
        </div>
      </form>
    </Dialog>
  );
}
