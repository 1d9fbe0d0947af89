// Addresses: each view is one, below wherever the page is mounted.
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { useSyncExternalStore } from "react";
import { root } from "../client/config";

export type Params = Record<string, string>;

const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", changed);

/** The address within the page, with its query: `threads/t1/runs/r1?at=4-1`. */
export function here(): string {
  const { pathname, search } = window.location;
  return pathname.slice(root.pathname.length) + search;
}

export function useAddress(): string {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, here);
}

/** The query of the present address. */
export function useQuery(): URLSearchParams {
  return new URLSearchParams(useAddress().split("?")[1] ?? "");
}

/** The address of a view: ids are encoded, and so may hold anything. */
export function to(...parts: string[]): string {
  return parts.map(encodeURIComponent).join("/");
}

export function href(address: string): string {
  return root.pathname + address;
}

export function navigate(address: string, { replace = false } = {}): void {
  if (address === here()) return;
  window.history[replace ? "replaceState" : "pushState"](null, "", href(address));
  changed();
}

/** The ids in an address that a pattern describes (`threads/:thread`); null for another one. */
export function matched(pattern: string, address: string): Params | null {
  const known = split(pattern);
  const parts = split(address.split("?")[0] ?? "");
  if (known.length !== parts.length) return null;
  const params: Params = {};
  for (const [at, name] of known.entries()) {
    const part = parts[at] ?? "";
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(part);
    else if (name !== part) return null;
  }
  return params;
}

function split(path: string): string[] {
  return path.split("/").filter(Boolean);
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
}

/** A link within the page; with a modifier key it opens as any link does. */
export function Link({ to: address, onClick, ...rest }: LinkProps) {
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || modified || event.button !== 0) return;
    event.preventDefault();
    navigate(address);
  }
  return <a {...rest} href={href(address)} onClick={follow} />;
}
