// Line icons, drawn in the colour of the text.
const PATHS = {
  mark: "M5 19V9m7 10V5m7 14v-6",
  chat: "M4 5h16v11H9l-5 4z",
  run: "M4 6h9M4 12h13M8 18h12",
  state: "M6 4v13a2 2 0 0 0 2 2h4M6 9h6M14 6h6v6h-6zM14 16h6v6h-6z",
  numbers: "M4 20h16M7 16v-5m5 5V6m5 10v-7",
  agents: "M12 3v3M6 8h12v10H6zM9.5 12v1.5m5-1.5v1.5M3 12v3m18-3v3",
  plug: "M9 3v5m6-5v5M6 8h12v3a6 6 0 0 1-12 0zm6 9v4",
  memory: "M6 4h12v16l-6-4-6 4z",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zm5-1.5L20 20",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  list: "M4 6h16M4 12h16M4 18h10",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M19 5l-1.5 1.5m-11 11L5 19",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  screen: "M3 5h18v11H3zM8 20h8m-4-4v4",
  key: "M15 9a4 4 0 1 0-4.5 4L10 14v2H8v2H5v-3l4.6-4.6M15.5 8.5h.01",
  download: "M12 4v11m-5-5l5 5 5-5M5 20h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  back: "M15 5l-7 7 7 7",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  archive: "M4 5h16v4H4zM6 9v10h12V9m-8 4h4",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  fork: "M6 4v12M18 8a6 6 0 0 1-6 6H9M6 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
