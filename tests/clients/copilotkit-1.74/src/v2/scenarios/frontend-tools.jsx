// Two tools that the page carries out itself.
import { useState } from "react";
import { useFrontendTool } from "@copilotkit/react-core/v2";
import { z } from "zod";

export function FrontendTools() {
  const [color, setColor] = useState("white");
  const [items, setItems] = useState([]);

  useFrontendTool({
    name: "setColor",
    description: "Set the colour of the swatch",
    parameters: z.object({ color: z.string().describe("A CSS colour") }),
    handler: async ({ color }) => {
      setColor(color);
      return `the swatch is ${color}`;
    },
  });

  useFrontendTool({
    name: "addItem",
    description: "Add an item to the list",
    parameters: z.object({ title: z.string(), count: z.number().optional() }),
    handler: async ({ title, count }) => {
      setItems((known) => [...known, `${count ?? 1} x ${title}`]);
      return JSON.stringify({ added: title });
    },
  });

  return (
    <>
      <p id="color" style={{ background: color }}>
        {color}
      </p>
      <ul id="items">
        {items.map((item, at) => (
          <li key={at}>{item}</li>
        ))}
      </ul>
    </>
  );
}
