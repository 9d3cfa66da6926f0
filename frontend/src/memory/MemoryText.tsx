/** A text of any length in a table: its lines as they are, cut by the eye and not by us. */
export function MemoryText({ text }: { text: string }) {
  return <div className="memory-text">{text}</div>
}
