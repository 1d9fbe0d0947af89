// Where the focus goes when what had it is gone: a browser would leave it nowhere.
import { useLayoutEffect } from "react";
import type { RefObject } from "react";

/** When `place` goes with the focus in it, the focus goes back to what had it when `place` came, or
 * else to the content of the page.
 */
export function useFocusBack(place: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { current } = place;
    const before = document.activeElement;
    return () => {
      if (current?.contains(document.activeElement)) giveFocus(before);
    };
  }, [place]);
}

/** Gives it the focus where it can have it, and else the content of the page. */
export function giveFocus(element: Element | null): void {
  if (element instanceof HTMLElement && element !== document.body) element.focus();
  if (document.activeElement !== element) document.getElementById("content")?.focus();
}

/** When `place`, of a list, goes with the focus in it, what comes first in its neighbour
 * gets the focus. */
export function useFocusOnward(place: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    return () => {
      const going = place.current;
      if (!going?.contains(document.activeElement)) return;
      const neighbour = going.nextElementSibling ?? going.previousElementSibling;
      giveFocus(neighbour?.querySelector("a, button") ?? null);
    };
  }, [place]);
}
