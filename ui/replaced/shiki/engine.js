export const createJavaScriptRegexEngine = () => ({});
