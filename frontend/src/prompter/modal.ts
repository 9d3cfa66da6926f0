import { type SyntheticEvent, useEffect, useRef } from 'react'

/**
 * A modal dialog that is open while it is drawn: `modal` is what its element needs, `leave` closes it. The browser tells of
 * a dialog that closed in a later task, and lets keys go first: until then the page would take them for the dialog's, and
 * nobody would have them. So who closes it, by a button or by Escape, tells the page at the same time.
 */
export function useModal(close: () => void) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  const leave = () => {
    // By the browser first: it gives the focus back.
    ref.current?.close()
    close()
  }
  const onCancel = (event: SyntheticEvent) => {
    event.preventDefault()
    leave()
  }
  return { modal: { ref, onCancel, onClose: close }, leave }
}
