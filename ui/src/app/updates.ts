// A server that was updated under an open page has the files of its views no more.

const LATEST = "agui-reloaded";
const PATIENCE = 10_000;

/** Load the page again, once, when a file of a view cannot be loaded. */
export function followUpdates(): void {
  window.addEventListener("vite:preloadError", () => {
    const latest = Number(sessionStorage.getItem(LATEST));
    if (Date.now() - latest < PATIENCE) return;
    sessionStorage.setItem(LATEST, String(Date.now()));
    location.reload();
  });
}
