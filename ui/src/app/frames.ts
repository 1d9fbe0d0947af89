// Frames that are given their HTML (`srcdoc`), as CopilotKit draws pages of MCP servers and pages
// that a model writes. Such a frame has the policy of this page, under which no script in it runs,
// and may be given this page's origin; `frame.html` of the server has a policy and an origin of its
// own, from which nothing is reached. So it shows the HTML instead.
import { root } from "../client/config";

const HOST = new URL("frame.html", root).href;

export function isolateFrames(): void {
  const { prototype } = HTMLIFrameElement;
  Object.defineProperty(prototype, "srcdoc", { set: show });
  prototype.setAttribute = function (name: string, value: string): void {
    if (name.toLowerCase() === "srcdoc") show.call(this, value);
    else Element.prototype.setAttribute.call(this, name, value);
  };
}

function show(this: HTMLIFrameElement, html: string): void {
  this.sandbox.remove("allow-same-origin");
  this.onload = () => {
    this.onload = null; // what is written into the frame is loaded once more
    this.contentWindow?.postMessage({ html }, "*");
  };
  this.src = HOST;
}
