// Lets a page import the README's front ends, in the order in which they stand there:
// `readme/today.tsx` and `readme/before.tsx`. Only the runtime's address is put into them.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const README = new URL("../../../README.md", import.meta.url);
const NAMES = ["readme/today.tsx", "readme/before.tsx"];
const ADDRESS = 'runtimeUrl="http://127.0.0.1:8000/copilotkit"';
const GIVEN = 'runtimeUrl={new URLSearchParams(window.location.search).get("runtimeUrl")}';

export function readme() {
  const blocks = [...readFileSync(README, "utf8").matchAll(/^```tsx\n(.*?)^```/gms)];
  const sources = new Map(NAMES.map((name, at) => [resolve(name), blocks[at][1]]));
  return {
    name: "readme",
    resolveId: (id) => (NAMES.includes(id) ? resolve(id) : null),
    load(id) {
      const source = sources.get(id);
      if (source && !source.includes(ADDRESS)) this.error(`no ${ADDRESS} in ${id}`);
      return source?.replace(ADDRESS, GIVEN);
    },
  };
}
