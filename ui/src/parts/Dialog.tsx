import { useId, useLayoutEffect, useRef } from "react";
import type { ReactNode } from "react";
import { createPortal } from "react-dom";

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Left out where the dialog has to be answered. */
  onClose?: () => void;
}

/** A modal dialog; it holds the focus, and Escape closes it. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before it goes, so that the browser gives the focus back to what had it.
  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return createPortal(
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>,
    document.body, // the styles of what it is opened from do not reach there
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  /** What may be chosen as well. */
  children?: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

/** A question before something that cannot be undone. */
export function Confirm({ title, text, action, children, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      {children}
      <div className="actions">
        <button className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button className="button danger" onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
