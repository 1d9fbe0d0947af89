// One Chromium, commanded by JSON lines: a command per line on stdin, `{"id", "do", ...}`, and its
// answer on stdout, `{"id", "value"}` or `{"id", "error"}`, in whatever order they finish. It knows
// nothing of chats: what is looked for and what it means stands in the tests.
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import readline from "node:readline";
import { chromium } from "playwright-core";

const NEAR = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost";
// Where a test looks at whom a page tries to reach, names are looked up. These are Chromium's own,
// which it asks for updates, for forms' fields and the like whatever its flags say.
const WITHOUT_ITS_OWN = [
  "accounts.google.com",
  "clients2.google.com",
  "content-autofill.googleapis.com",
  "edgedl.me.gvt1.com",
  "optimizationguide-pa.googleapis.com",
  "safebrowsing.googleapis.com",
  "update.googleapis.com",
]
  .map((name) => `MAP ${name} ~NOTFOUND`)
  .join(", ");

// Besides Playwright's own: no sandbox, no background traffic, no slowing down of hidden tabs.
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  // Nothing outside this machine is ever asked for.
  `--host-resolver-rules=${process.env.RESOLVE_NAMES ? WITHOUT_ITS_OWN : NEAR}`,
  // A microphone that beeps, and leave to hear it.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];
// Whose bodies nobody looks at: they are large, and a page loads many.
const FILES = new Set(["script", "stylesheet", "font", "image"]);
const PATIENCE = 60_000; // milliseconds for anything that is waited for

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});
const tabs = new Map();

const commands = {
  // Opens `url`, in the profile of the tab `beside` or in a fresh one, which has a `look` as
  // Playwright's contexts have (`colorScheme`, `viewport`); the value names the tab.
  async open({ url, beside, look }) {
    const context = beside ? tabOf(beside).page.context() : await browser.newContext(look ?? {});
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const name = `tab-${tabs.size + 1}`;
    const tab = { page, traffic: [], complaints: [], changes: new EventEmitter() };
    tabs.set(name, tab);
    await page.addInitScript(sampleFrames);
    record(tab);
    await page.goto(url);
    return name;
  },

  // The same address again; what the page was doing ends.
  reload: async ({ tab }) => {
    await tabOf(tab).page.reload();
  },

  fill: ({ tab, selector, text }) => tabOf(tab).page.fill(selector, text),
  press: ({ tab, selector, key }) => tabOf(tab).page.press(selector, key),
  click: ({ tab, selector }) => tabOf(tab).page.click(selector),

  // Picks a file, given as base64, in a file input, which may be hidden.
  attach: ({ tab, selector, name, mimeType, content }) =>
    tabOf(tab).page.setInputFiles(selector, { name, mimeType, buffer: Buffer.from(content, "base64") }),

  // What a click has the browser store: `[name, text]`.
  async download({ tab, selector }) {
    const { page } = tabOf(tab);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
    return [download.suggestedFilename(), await readFile(await download.path(), "utf8")];
  },

  // The value of a JavaScript function in the page, now.
  read: ({ tab, script, given }) => tabOf(tab).page.evaluate(called(script, given)),

  // The text of the first match, once there is one.
  text: ({ tab, selector }) => tabOf(tab).page.locator(selector).first().textContent(),

  // The first truthy value of a JavaScript function in the page, tried on each frame.
  async wait({ tab, script, given }) {
    const { page } = tabOf(tab);
    try {
      const handle = await page.waitForFunction(called(script, given));
      return await handle.jsonValue();
    } catch (error) {
      const shown = await page.evaluate(() => document.body.innerText);
      throw new Error(`${error.message}\nThe page shows:\n${shown}`);
    }
  },

  // From now on, keeps each text that the last match of `selector` has when a frame is drawn.
  watch: ({ tab, selector }) =>
    tabOf(tab).page.evaluate((wanted) => window.__frames.watch(wanted), selector),
  watched: ({ tab, selector }) =>
    tabOf(tab).page.evaluate((wanted) => window.__frames.seen[wanted] ?? [], selector),

  // Presses a key wherever the focus is.
  key: ({ tab, key }) => tabOf(tab).page.keyboard.press(key),

  traffic: ({ tab }) => tabOf(tab).traffic,

  // The errors and warnings that the browser and the page's scripts have written.
  complaints: ({ tab }) => tabOf(tab).complaints,

  // The first request with `containing` in its body, once it has ended.
  async exchange({ tab, containing }) {
    const { traffic, changes } = tabOf(tab);
    const ended = () =>
      traffic.find(({ body, outcome }) => body?.includes(containing) && outcome !== "open");
    const signal = AbortSignal.timeout(PATIENCE);
    while (!ended() && !signal.aborted) await once(changes, "change", { signal }).catch(() => {});
    if (!ended()) throw new Error(`no request with ${containing} has ended`);
    return ended();
  },

  screenshot: ({ tab, path }) => tabOf(tab).page.screenshot({ path }).then(() => path),

  // Closes the tab, and its profile with the last tab in it.
  async close({ tab }) {
    const { page } = tabOf(tab);
    await page.close();
    if (page.context().pages().length === 0) await page.context().close();
  },
};

function tabOf(name) {
  const tab = tabs.get(name);
  if (!tab) throw new Error(`no tab '${name}'; there are ${[...tabs.keys()].join(", ")}`);
  return tab;
}

function called(script, given) {
  return `(${script})(${JSON.stringify(given ?? null)})`;
}

function record({ page, traffic, complaints, changes }) {
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const entries = new Map();
  const ended = (request, outcome) => {
    entries.get(request).outcome = outcome;
    changes.emit("change");
  };
  page.on("request", (request) => {
    const entry = {
      method: request.method(),
      url: request.url(),
      body: request.postData(),
      status: null,
      requestId: null,
      answer: null,
      outcome: "open",
    };
    entries.set(request, entry);
    traffic.push(entry);
  });
  page.on("response", (response) => {
    const entry = entries.get(response.request());
    entry.status = response.status();
    entry.requestId = response.headers()["x-request-id"] ?? null;
  });
  page.on("requestfinished", async (request) => {
    if (FILES.has(request.resourceType())) return ended(request, "finished");
    // A page that is closed meanwhile answers neither.
    const response = await request.response().catch(() => null);
    entries.get(request).answer = (await response?.text().catch(() => null)) ?? null;
    ended(request, "finished");
  });
  page.on("requestfailed", (request) => ended(request, request.failure()?.errorText ?? "failed"));
}

// Runs in the page, before its own scripts.
function sampleFrames() {
  const seen = {};
  const sample = () => {
    for (const [selector, texts] of Object.entries(seen)) {
      const text = [...document.querySelectorAll(selector)].at(-1)?.textContent ?? "";
      if (text !== (texts.at(-1) ?? "")) texts.push(text);
    }
    requestAnimationFrame(sample);
  };
  requestAnimationFrame(sample);
  window.__frames = {
    seen,
    watch: (selector) => {
      seen[selector] = [];
    },
  };
}

async function answer(line) {
  const { id, do: name, ...given } = JSON.parse(line);
  try {
    const value = await commands[name](given);
    say({ id, value: value ?? null });
  } catch (error) {
    say({ id, error: String(error.message ?? error) });
  }
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

say({ id: 0, value: browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  void answer(line);
}
await browser.close();
