// Two actions that the page carries out itself.
import { useState } from "react";
import { useCopilotAction } from "@copilotkit/react-core";

export function FrontendActions() {
  const [color, setColor] = useState("white");
  const [items, setItems] = useState([]);

  useCopilotAction({
    name: "setColor",
    description: "Set the colour of the swatch",
    parameters: [{ name: "color", type: "string", description: "A CSS colour", required: true }],
    handler: ({ color }) => {
      setColor(color);
      return `the swatch is ${color}`;
    },
  });

  useCopilotAction({
    name: "addItem",
    description: "Add an item to the list",
    parameters: [
      { name: "title", type: "string", required: true },
      { name: "count", type: "number", required: false },
    ],
    handler: ({ title, count }) => {
      setItems((known) => [...known, `${count ?? 1} x ${title}`]);
      return { added: title };
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
