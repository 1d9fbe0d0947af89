/** A text as it stands, which the keyboard scrolls. */
export function Code({ label, children }: { label: string; children: string }) {
  return (
    <pre className="code" tabIndex={0} role="group" aria-label={label}>
      {children}
    </pre>
  );
}
