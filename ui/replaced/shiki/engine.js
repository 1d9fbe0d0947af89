export { createJavaScriptRegexEngine } from "@shikijs/engine-javascript";
