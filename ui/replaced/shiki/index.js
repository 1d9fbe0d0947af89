// Colours in code: shiki's own core with few of its grammars and two of its themes, each a file that
// is loaded when an answer first needs it. Other languages are plain lines.
import { createHighlighterCore } from "@shikijs/core";

const GRAMMARS = {
  bash: () => import("@shikijs/langs/bash"),
  css: () => import("@shikijs/langs/css"),
  diff: () => import("@shikijs/langs/diff"),
  go: () => import("@shikijs/langs/go"),
  html: () => import("@shikijs/langs/html"),
  java: () => import("@shikijs/langs/java"),
  json: () => import("@shikijs/langs/json"),
  markdown: () => import("@shikijs/langs/markdown"),
  python: () => import("@shikijs/langs/python"),
  rust: () => import("@shikijs/langs/rust"),
  sql: () => import("@shikijs/langs/sql"),
  tsx: () => import("@shikijs/langs/tsx"),
  yaml: () => import("@shikijs/langs/yaml"),
};

// Models name a language in several ways; what is valid JavaScript or TypeScript is valid TSX.
const NAMES = {
  console: "bash",
  golang: "go",
  javascript: "tsx",
  js: "tsx",
  jsonc: "json",
  jsx: "tsx",
  md: "markdown",
  py: "python",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  typescript: "tsx",
  ts: "tsx",
  yml: "yaml",
  zsh: "bash",
};

// Those with enough contrast for small text, under the names that the chat chooses.
const THEMES = {
  "github-light": () => import("@shikijs/themes/github-light-high-contrast"),
  "github-dark": () => import("@shikijs/themes/github-dark-high-contrast"),
};

export const bundledLanguages = {
  ...GRAMMARS,
  ...Object.fromEntries(Object.entries(NAMES).map(([name, of]) => [name, GRAMMARS[of]])),
};

const LONGEST = 20_000; // characters; an answer that grows is coloured anew with each word

export async function createHighlighter({ langs, themes, engine }) {
  const highlighter = await createHighlighterCore({
    langs: langs.flatMap((name) => bundledLanguages[name] ?? []),
    themes: await Promise.all(themes.map(themed)),
    engine,
  });

  function codeToTokens(code, { lang, ...more }) {
    const grammar = code.length > LONGEST ? "text" : (NAMES[lang] ?? lang);
    return highlighter.codeToTokens(code, { lang: grammar, ...more });
  }
  return { codeToTokens };
}

async function themed(name) {
  const { default: theme } = await THEMES[name]();
  return { ...theme, name };
}
