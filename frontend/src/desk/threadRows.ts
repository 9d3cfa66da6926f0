import type { InfiniteData } from '@tanstack/react-query'
import type { ThreadListed } from '../generated/protocol'
import type { Shapes } from '../shared/rest'

export type ThreadRow = Shapes['ListedThread']
export type ThreadPages = InfiniteData<Shapes['ThreadPage'], string | undefined>
type Pages = Pick<ThreadPages, 'pages'>

/** The list read for `search`, after what the server told of one thread. */
export function told(list: ThreadPages, { thread_id, row }: ThreadListed, search: string): ThreadPages {
  const known = rowsOf(list).find(({ id }) => id === thread_id)
  // It was read after this was told.
  if (row && known && row.last_seq < known.last_seq) return list
  const pages = list.pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) =>
      item.id === thread_id ? (row ? { ...row, pinned_at: item.pinned_at } : []) : item,
    ),
  }))
  const [first, ...others] = pages
  const found = search
    ? row && `${row.title}\n${row.last_text ?? ''}`.toLowerCase().includes(search.toLowerCase())
    : row && !row.show_id
  if (known || !row || !found || !first) return { ...list, pages }
  return { ...list, pages: [{ ...first, items: [{ ...row, pinned_at: null }, ...first.items] }, ...others] }
}

const rowsOf = (list: Pages) => list.pages.flatMap((page) => page.items)

const after = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0)

/** Each thread once, in the server's order: those that are pinned, then the one that moved last. */
export function sorted(list: Pages | undefined): ThreadRow[] {
  const rows = new Map<string, ThreadRow>()
  for (const row of list ? rowsOf(list) : []) {
    const known = rows.get(row.id)
    if (!known || known.last_seq < row.last_seq) rows.set(row.id, row)
  }
  return [...rows.values()].sort(
    (a, b) =>
      after(a.pinned_at ?? '', b.pinned_at ?? '') || after(a.updated_at, b.updated_at) || after(a.id, b.id),
  )
}

/** As somebody who points at the list has it before them: each row in its place, what is new only below. */
export function kept(before: readonly string[], rows: readonly ThreadRow[]): ThreadRow[] {
  const here = new Map(rows.map((row) => [row.id, row]))
  const stay = before.flatMap((id) => here.get(id) ?? [])
  const lowest = Math.max(...stay.map((row) => rows.indexOf(row)))
  return [...stay, ...rows.filter((row, place) => place > lowest && !before.includes(row.id))]
}
