// The views: a new one is a line here and a folder in `views/`. The server knows the same addresses,
// see `agui_runtime/wires/ui/places.py`.
import { lazy } from "react";
import type { ComponentType } from "react";
import type { IconName } from "../parts/Icon";
import type { Params } from "./router";

export interface View {
  name: string;
  /** In the navigation; a view without one is reached from others. */
  label?: string;
  icon?: IconName;
  /** The first is where the navigation leads. */
  paths: string[];
  component: ComponentType<{ params: Params }>;
}

export const VIEWS: View[] = [
  {
    name: "chat",
    label: "Chat",
    icon: "chat",
    paths: ["", "threads", "threads/:thread"],
    component: lazy(() => import("../views/chat/ChatView")),
  },
  {
    name: "run",
    paths: ["threads/:thread/runs/:run"],
    component: lazy(() => import("../views/run/RunView")),
  },
  {
    name: "state",
    label: "State",
    icon: "state",
    paths: ["state", "state/:thread", "state/:thread/:agent"],
    component: lazy(() => import("../views/state/StateView")),
  },
  {
    name: "memory",
    label: "Memory",
    icon: "memory",
    paths: ["memory"],
    component: lazy(() => import("../views/memory/MemoryView")),
  },
  {
    name: "numbers",
    label: "Numbers",
    icon: "numbers",
    paths: ["numbers"],
    component: lazy(() => import("../views/numbers/NumbersView")),
  },
  {
    name: "agents",
    label: "Agents",
    icon: "agents",
    paths: ["agents", "agents/:agent"],
    component: lazy(() => import("../views/agents/AgentsView")),
  },
  {
    name: "connect",
    label: "Connect",
    icon: "plug",
    paths: ["connect"],
    component: lazy(() => import("../views/connect/ConnectView")),
  },
];

/** Whether there is a view of this name. */
export function hasView(name: string): boolean {
  return VIEWS.some((view) => view.name === name);
}
