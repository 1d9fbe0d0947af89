// Releases up to 1.3 import Node's `crypto` for their telemetry, which pages never start.
export const randomUUID = () => globalThis.crypto.randomUUID();
export const createHash = () => {
  throw new Error("there is no `crypto` in a page");
};
export default { randomUUID, createHash };
