const PATHS = {
  play: 'M7 4.5v15l13-7.5z',
  pause: 'M6 5h4v14H6zM14 5h4v14h-4z',
  minus: 'M5 11h14v2H5z',
  plus: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z',
  menu: 'M4 6h16v2H4zM4 11h16v2H4zM4 16h16v2H4z',
  close: 'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z',
  check: 'M9.5 16.2 5.3 12l-1.4 1.4 5.6 5.6L21 7.4 19.6 6z',
  offline: 'M12 4 1.5 20.5h21zM11 10h2v5h-2zM11 16.5h2v2h-2z',
  next: 'M5 5v14l9-7zM16 5h3v14h-3z',
} as const

/** Decoration next to a word; never the only sign of anything. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
