// Suggestions under the chat, thought of by the model.
import { useCopilotChatSuggestions } from "@copilotkit/react-ui";

export function Suggestions() {
  useCopilotChatSuggestions({ instructions: "Suggest what to do next.", maxSuggestions: 2 });
  return null;
}
