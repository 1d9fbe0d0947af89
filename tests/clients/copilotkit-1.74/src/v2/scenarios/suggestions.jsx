// Suggestions under the chat: two that the page knows, and after a message those that the model
// thinks of.
import { useConfigureSuggestions } from "@copilotkit/react-core/v2";

export function Suggestions() {
  useConfigureSuggestions({
    instructions: "Suggest what to do next.",
    maxSuggestions: 2,
    available: "after-first-message",
  });
  return null;
}

export function FixedSuggestions() {
  useConfigureSuggestions({
    suggestions: [
      { title: "Greet", message: "hello there" },
      { title: "Leave", message: "goodbye" },
    ],
    available: "before-first-message",
  });
  return null;
}
