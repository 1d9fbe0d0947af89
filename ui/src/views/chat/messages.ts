// What messages hold, whichever form their contents have.
import type { Message, UserMessage } from "@copilotkit/react-core/v2";

export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => ("text" in part ? part.text : "")).join("");
}

/** The same content with another text; what was attached stays. */
export function withText(content: UserMessage["content"], text: string): UserMessage["content"] {
  if (typeof content === "string") return text;
  return [{ type: "text", text }, ...content.filter(({ type }) => type !== "text")];
}
