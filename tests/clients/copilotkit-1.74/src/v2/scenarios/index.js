// What stands beside the chat, and how the chat is set up, by the name in the query.
import { Approval } from "./approval";
import { a2ui } from "./catalog";
import { Context } from "./context";
import { FrontendTools } from "./frontend-tools";
import { Interrupt } from "./interrupt";
import { Regenerate } from "./regenerate";
import { SharedState } from "./shared-state";
import { Story } from "./story";
import { FixedSuggestions, Suggestions } from "./suggestions";
import { Threads } from "./threads";
import { WeatherCard } from "./weather-card";

const Nothing = () => null;

export const scenarios = {
  chat: { Beside: Nothing },
  approval: { Beside: Approval },
  attachments: { Beside: Nothing, attachments: { enabled: true, accept: "image/*" } },
  catalog: { Beside: Nothing, a2ui },
  context: { Beside: Context },
  "fixed-suggestions": { Beside: FixedSuggestions },
  "frontend-tools": { Beside: FrontendTools },
  interrupt: { Beside: Interrupt },
  regenerate: { Beside: Nothing, Chat: Regenerate },
  "shared-state": { Beside: SharedState },
  story: { Beside: Story },
  suggestions: { Beside: Suggestions },
  threads: { Beside: Threads },
  "weather-card": { Beside: WeatherCard },
};
