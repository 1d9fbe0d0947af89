import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { Icon } from "./Icon";

/** A button that opens a list of actions, which are buttons; arrows move between them. */
export function Menu({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return;
    place.current?.querySelector<HTMLElement>(".menu button")?.focus();
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  function close(): void {
    setOpen(false);
    place.current?.querySelector<HTMLElement>(".menu-button")?.focus();
  }

  function press(event: KeyboardEvent): void {
    if (event.key === "Escape") close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...(place.current?.querySelectorAll<HTMLElement>(".menu button") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  }

  return (
    <div className="menu-place" ref={place} onKeyDown={open ? press : undefined}>
      <button
        className="quiet menu-button"
        aria-label={label}
        aria-expanded={open}
        onClick={() => setOpen((before) => !before)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div className="menu" onClick={close}>
          {children}
        </div>
      )}
    </div>
  );
}
