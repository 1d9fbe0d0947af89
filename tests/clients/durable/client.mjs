// Reads a stream with the published client. Argument: a job {url, live, offset?}; stdout: {items, offset, closed} once
// the stream is closed or, where `live` is false, at its end.
import { stream } from "@durable-streams/client";

const { url, live, offset } = JSON.parse(process.argv[2]);
const response = await stream({ url, live, ...(offset ? { offset } : {}) });
const items = [];
if (live === false) items.push(...(await response.json()));
else for await (const item of response.jsonStream()) items.push(item);
console.log(JSON.stringify({ items, offset: response.offset, closed: response.streamClosed }));
