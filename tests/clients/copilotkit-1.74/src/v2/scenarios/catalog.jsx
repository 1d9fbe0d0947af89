// A catalog of the page: agents may draw with its price tag, and with what CopilotKit brings.
import { createCatalog } from "@copilotkit/a2ui-renderer";
import { z } from "zod";

const definitions = {
  PriceTag: {
    description: "What an item costs",
    props: z.object({ item: z.string(), price: z.string() }),
  },
};
const renderers = {
  PriceTag: ({ props }) => (
    <p id="price">
      {props.item}: {props.price}
    </p>
  ),
};

// Made once: the provider takes a new object for a change of the set-up.
export const a2ui = {
  catalog: createCatalog(definitions, renderers, { catalogId: "shop", includeBasicCatalog: true }),
};
