// Files that the page itself makes.

const PATIENCE = 10_000; // milliseconds in which a browser has read it

/** Have the browser store a text under this name. */
export function download(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), PATIENCE);
}
