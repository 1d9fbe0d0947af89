// Light or dark: as the system has it, until somebody chooses.
import { Store } from "../client/store";

export type Scheme = "system" | "light" | "dark";

const KEY = "agui-scheme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

export const scheme = new Store<Scheme>(remembered());

export function applyScheme(): void {
  const chosen = scheme.get();
  const dark = chosen === "dark" || (chosen === "system" && system.matches);
  const { documentElement } = document;
  documentElement.classList.toggle("dark", dark); // what CopilotKit's styles go by
  documentElement.style.colorScheme = dark ? "dark" : "light";
}

export function chooseScheme(chosen: Scheme): void {
  scheme.set(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // A browser that stores nothing asks the system again next time.
  }
  applyScheme();
}

system.addEventListener("change", applyScheme);

function remembered(): Scheme {
  try {
    const known = localStorage.getItem(KEY);
    return known === "light" || known === "dark" ? known : "system";
  } catch {
    return "system";
  }
}
