import { useEffect, useRef } from 'react'

/**
 * A modal dialog that is open while it is drawn, and what closes it. The browser tells of a dialog that closed in a later
 * task: until then the page would take its keys for the dialog's, and nobody would have them.
 */
export function useModal(close: () => void) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const leave = () => {
    // By the browser first: it gives the focus back.
    dialog.current?.close()
    close()
  }
  return { dialog, leave }
}
