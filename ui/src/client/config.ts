// Where this page is, and where the runtime is whose page it is.

export interface Config {
  /** The `runtimeUrl`, absolute, without a slash at its end. */
  runtime: string;
  version: string;
  /** Whether the server gives threads their names by itself. */
  titles: boolean;
}

const UP = "..";

/** The address of the page itself, for example `https://example.org/deep/ui/`. */
export const root = new URL(import.meta.env.DEV ? "/ui/" : `${UP}/`, import.meta.url);

let loaded: Config | undefined;

export async function loadConfig(): Promise<Config> {
  const response = await fetch(new URL("config.json", root));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const { runtime, version, titles } = await response.json();
  loaded = { runtime: new URL(runtime, root).href.replace(/\/$/, ""), version, titles };
  return loaded;
}

/** The configuration, which is loaded before anything is drawn. */
export function config(): Config {
  if (!loaded) throw new Error("the configuration is not loaded yet");
  return loaded;
}
