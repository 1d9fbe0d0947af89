// What the runtime says of itself.
import { request } from "./requests";

export interface Agent {
  name: string;
  description: string;
  capabilities?: Record<string, unknown>;
}

export interface Info {
  version: string;
  agents: Record<string, Agent>;
  audioFileTranscriptionEnabled: boolean;
}

export function loadInfo(signal?: AbortSignal): Promise<Info> {
  return request("/info", { signal });
}
