// A card for a tool that the server carries out; the page only draws it. Others get a line.
import { useDefaultRenderTool, useRenderTool } from "@copilotkit/react-core/v2";
import { z } from "zod";

export function WeatherCard() {
  useRenderTool({
    name: "getWeather",
    parameters: z.object({ city: z.string() }),
    render: ({ status, parameters, result }) => (
      <div className="card" id="weather" data-status={status}>
        {parameters.city}: {status === "complete" ? result : "asking"}
      </div>
    ),
  });
  useDefaultRenderTool({
    render: ({ name, status, result }) => (
      <p className="tool" data-status={status}>
        {name}: {result}
      </p>
    ),
  });
  return null;
}
