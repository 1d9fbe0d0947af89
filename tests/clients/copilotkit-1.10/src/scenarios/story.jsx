// Generative UI: a card that is drawn from an action's arguments while they arrive.
import { useCopilotAction } from "@copilotkit/react-core";

export function Story() {
  useCopilotAction({
    name: "writeStory",
    description: "Show a story to the user",
    parameters: [
      { name: "title", type: "string", required: true },
      { name: "text", type: "string", required: true },
    ],
    handler: () => "shown",
    render: ({ args, status }) => (
      <article className="card" id="story" data-status={status}>
        <h3>{args.title}</h3>
        <p id="story-text">{args.text}</p>
      </article>
    ),
  });
  return null;
}
