// A card for an action that the server carries out; the page only draws it.
import { useCopilotAction } from "@copilotkit/react-core";

export function WeatherCard() {
  useCopilotAction({
    name: "getWeather",
    available: "disabled",
    parameters: [{ name: "city", type: "string", required: true }],
    render: ({ status, args, result }) => (
      <div className="card" id="weather" data-status={status}>
        {args.city}: {status === "complete" ? JSON.stringify(result) : "asking"}
      </div>
    ),
  });
  return null;
}
