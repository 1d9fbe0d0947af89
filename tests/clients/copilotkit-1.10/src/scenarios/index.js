// Which component stands beside the chat, by the name in the query.
import { AgentState } from "./agent-state";
import { Approval } from "./approval";
import { FrontendActions } from "./frontend-actions";
import { Interrupt } from "./interrupt";
import { Readables } from "./readables";
import { Story } from "./story";
import { Suggestions } from "./suggestions";
import { WeatherCard } from "./weather-card";

export const scenarios = {
  chat: () => null,
  "agent-state": AgentState,
  approval: Approval,
  "frontend-actions": FrontendActions,
  interrupt: Interrupt,
  readables: Readables,
  story: Story,
  suggestions: Suggestions,
  "weather-card": WeatherCard,
};
