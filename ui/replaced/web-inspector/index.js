// CopilotKit's inspector calls servers of its makers; this page has views of its own for runs.
export const WEB_INSPECTOR_TAG = "cpk-web-inspector";
export function configureWebInspectorElement() {}
