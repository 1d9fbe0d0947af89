// Generative UI: a card that is drawn from a tool's arguments while they arrive.
import { useFrontendTool } from "@copilotkit/react-core/v2";
import { z } from "zod";

export function Story() {
  useFrontendTool({
    name: "writeStory",
    description: "Show a story to the user",
    parameters: z.object({ title: z.string(), text: z.string() }),
    handler: async () => "shown",
    render: ({ args, status }) => (
      <article className="card" id="story" data-status={status}>
        <h3>{args.title}</h3>
        <p id="story-text">{args.text}</p>
      </article>
    ),
  });
  return null;
}
