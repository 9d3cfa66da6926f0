import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PrompterState, Transport } from '../generated/protocol'
import { Lead, type Order } from './lead'
import type { Goal, Player } from './player'
import { useDesk } from './store'

const START = useDesk.getState()

const transport = (revision: number, changed: Partial<Transport> = {}): Transport => ({
  revision,
  version: 1,
  playing: false,
  position: 0,
  rate: 4,
  pace: 240,
  length: 12,
  at_ms: 0,
  target_at_ms: null,
  ...changed,
})
const state = (room: Transport, changed: Partial<PrompterState> = {}): PrompterState => ({
  type: 'prompter_state',
  room_id: 'r',
  version: room.version,
  script_id: `s${room.version}`,
  script_version: 1,
  title: '',
  content: `大家好，这是第 ${room.version} 稿。`,
  pace: 240,
  updated_at: '2026-01-01T00:00:00Z',
  acked_version: 0,
  acked_at: null,
  position: 0,
  transport: room,
  ...changed,
})

/** A display whose text is laid out as soon as it is there, and the orders that it gives to the room. */
function display(far = false) {
  const orders: (Order & { id: string; version: number })[] = []
  let goal: Goal | undefined
  const player = {
    at: 3,
    rest: 3,
    length: 12,
    isFar: () => far,
    drag: () => undefined,
    follow(next: Goal) {
      goal = next
      useDesk.getState().dispatch({ type: 'moved', motion: next.playing ? 'running' : 'paused' })
    },
  }
  const lead = new Lead(player as unknown as Player, {
    now: () => Date.now(),
    post: (id, version, order) => orders.push({ id, version, ...order }) > 0,
  })
  let laid: number | undefined
  const hear = (said: PrompterState) => {
    lead.heard(said)
    settle()
  }
  const settle = () => {
    const { shown } = useDesk.getState().stage
    if (shown?.version === laid) return
    laid = shown?.version
    lead.laid(false)
  }
  return { lead, orders, hear, settle, goal: () => goal, playing: () => goal?.playing }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  useDesk.setState({ ...START, bound: false, settings: { ...START.settings, follow: true } }, true)
})
afterEach(() => void vi.useRealTimers())

describe('a display that hears of its room', () => {
  it('does not obey what was said before what it has heard already', () => {
    const { hear, goal } = display()
    hear(state(transport(5, { position: 7 }), { blank: true }))
    hear(state(transport(4, { position: 2 }), { blank: false }))
    expect(goal()?.position).toBe(7)
    expect(useDesk.getState().live.blank).toBe(true)
    // A text that was replaced is older than any of its successor.
    hear(state(transport(6, { version: 2 })))
    hear(state(transport(9, { version: 1, position: 9 })))
    expect(useDesk.getState().stage.shown?.version).toBe(2)
    // What changes nothing of the motion still tells what comes next.
    hear(state(transport(6, { version: 2 }), { next_title: '保温杯' }))
    expect(useDesk.getState().live.upcoming).toBe('保温杯')
  })

  it('begins anew with a room that counts anew', () => {
    const { lead, hear, goal } = display()
    hear(state(transport(50, { position: 7 })))
    lead.play()
    lead.lost()
    useDesk.getState().dispatch({ type: 'renumbered' })
    lead.renumbered()
    hear(state(transport(2, { position: 2 })))
    hear(state(transport(3, { position: 4 })))
    expect(goal()?.position).toBe(4)
  })

  it('waits for an answer that does not come no longer than a moment', () => {
    const { lead, orders, hear, playing } = display()
    hear(state(transport(1)))
    lead.toggle()
    expect(orders).toMatchObject([{ action: 'play', version: 1 }])
    expect(playing()).toBe(true)
    // Without an answer the room's word does not count yet …
    hear(state(transport(2)))
    vi.advanceTimersByTime(4000)
    expect(playing()).toBe(true)
    // … and then it does.
    vi.advanceTimersByTime(2000)
    expect(playing()).toBe(false)
    // What is answered after all changes nothing any more.
    lead.answered(orders[0]?.id ?? '', 99)
    hear(state(transport(3, { playing: true, position: 5 })))
    expect(playing()).toBe(true)
  })
})

describe('the pace that somebody chose', () => {
  const waits = (revision: number, pace: number, chosen: number): PrompterState => {
    const stage = {
      version: 1,
      script_id: 's1',
      script_version: 1,
      title: '',
      content: '大家好，这是第 1 稿。',
    }
    return state(transport(revision, { playing: true, pace: chosen }), { version: 2, pace, stage })
  }

  it('is that of the text that is taken next, with and without a line', () => {
    const { lead, hear, settle, goal } = display()
    hear(state(transport(1, { playing: true })))
    hear(waits(1, 260, 240))
    // The director's word, after that text began to wait.
    hear(waits(2, 300, 300))
    lead.takeNext()
    settle()
    expect([goal()?.position, useDesk.getState().pace]).toEqual([0, 300])
  })

  it('is kept by the display that chose it while the room cannot hear of it', () => {
    const { lead, hear, settle } = display()
    hear(state(transport(1, { playing: true })))
    hear(waits(1, 260, 240))
    lead.lost()
    lead.pace(40)
    lead.takeNext()
    settle()
    expect(useDesk.getState().pace).toBe(280)
  })
})

describe('a display that was loaded again without a line', () => {
  const kept = (room: Transport, act: (lead: Lead) => void = () => undefined) => {
    const page = display()
    page.hear(state(room))
    page.lead.lost()
    act(page.lead)
    const { doing } = page.lead
    useDesk.setState({ ...START, bound: false, settings: { ...START.settings, follow: true } }, true)
    return doing
  }
  const reload = (doing: Lead['doing'], far = true) => {
    const page = display(far)
    useDesk.getState().dispatch({ type: 'restored', state: state(transport(1)), position: 3 })
    page.settle()
    page.lead.restored(doing)
    return page
  }

  it('goes on where it stood with its own pace, and has the room go on from there when it is back', () => {
    const doing = kept(transport(1, { playing: true }), (lead) => lead.pace(10))
    vi.advanceTimersByTime(4000)
    const { lead, orders, hear, goal, playing } = reload(doing)
    expect(useDesk.getState().pace).toBe(250)
    expect(playing()).toBeUndefined()
    lead.lost()
    expect(goal()).toMatchObject({ playing: true, position: 3 })
    expect(goal()?.at_ms).toBeGreaterThanOrEqual(Date.now())
    vi.advanceTimersByTime(4000)
    hear(state(transport(1, { playing: true })))
    expect(orders).toMatchObject([
      { action: 'speed', value: 250 },
      { action: 'play', value: 3 },
    ])
    expect(playing()).toBe(true)
  })

  it('leads also when only its page had stood still, unless the room is no line away', () => {
    const running = transport(1, { playing: true })
    const far = reload(kept(running))
    far.lead.lost()
    far.hear(state(running))
    expect(far.orders).toMatchObject([{ action: 'play', value: 3 }])
    const near = reload(kept(running), false)
    near.lead.lost()
    near.hear(state(running))
    expect(near.orders).toEqual([])
    expect(near.goal()).toMatchObject({ playing: true, position: 0, shared: true })
  })

  it('tells a room that runs on of its place alone: who stops it meanwhile has stopped it', () => {
    const running = transport(1, { playing: true, length: 1200, at_ms: Date.now() })
    const { lead, orders, hear, playing } = reload(kept(running))
    lead.lost()
    hear(state(running))
    expect(orders).toMatchObject([{ action: 'seek', value: 3 }])
    expect(playing()).toBe(true)
    // The server had the stop first: the text stands, at the place that was told.
    hear(state(transport(2, { position: 8 })))
    hear(state(transport(3, { position: 3 })))
    lead.answered(orders[0]?.id ?? '', 3)
    expect(playing()).toBe(false)
    expect(orders.length).toBe(1)
  })

  it('has a room play that had run to its end, or stood, meanwhile', () => {
    const ended = transport(1, { playing: true, at_ms: Date.now() })
    const { lead, orders, hear } = reload(kept(ended))
    lead.lost()
    vi.advanceTimersByTime(3000)
    hear(state(ended))
    expect(orders).toMatchObject([{ action: 'play', value: 3 }])
  })

  it('does as the room does when the line was there', () => {
    const { orders, hear, goal } = reload(kept(transport(1, { playing: true })))
    hear(state(transport(2, { playing: true, position: 8 })))
    expect(goal()?.position).toBe(8)
    expect(orders).toEqual([])
  })

  it('tells the room what was done before, also when the line is back at once', () => {
    const doing = kept(transport(1, { playing: true }), (lead) => lead.pause())
    const { orders, hear, playing } = reload(doing)
    hear(state(transport(1, { playing: true })))
    expect(orders).toMatchObject([{ action: 'pause', value: 3 }])
    expect(playing()).toBe(false)
  })

  it('stands when nobody can be reading any more, and keeps its place from a room that went elsewhere', () => {
    const doing = kept(transport(1, { playing: true }))
    vi.advanceTimersByTime(3_600_000)
    const late = reload(doing)
    late.lead.lost()
    expect(late.playing()).toBeFalsy()
    const away = reload(kept(transport(1, { playing: true })))
    away.lead.lost()
    away.hear(state(transport(4, { playing: true, position: 9 })))
    expect(away.orders).toEqual([])
    expect(away.goal()?.position).toBe(3)
    expect(useDesk.getState().live.apart).toBe(true)
  })
})

describe('orders that follow each other in a moment', () => {
  it('leave none out that the last one does not say', () => {
    const { lead, orders, hear, goal } = display()
    hear(state(transport(1)))
    lead.toggle()
    lead.pace(5)
    lead.seek(7)
    lead.seek(0)
    lead.pause()
    lead.pace(5)
    expect(orders).toMatchObject([{ action: 'play' }])
    vi.advanceTimersByTime(200)
    expect(orders.slice(1)).toMatchObject([{ action: 'pause' }, { action: 'speed', value: 250 }])
    // Only the last one's answer tells that the room knows everything.
    lead.answered(orders[1]?.id ?? '', 3)
    hear(state(transport(3, { position: 9 })))
    expect(goal()).toMatchObject({ playing: false, pace: 250 })
    lead.answered(orders[2]?.id ?? '', 4)
    hear(state(transport(4, { position: 5, pace: 250 })))
    expect(goal()?.position).toBe(5)
  })
})

describe('the heads-up of a cut-in', () => {
  const announced = (playing: boolean, revision: number) =>
    state(transport(revision, { version: 2, playing, at_ms: Date.now() + 3000 }))

  it('lets its reader stop, and start again, the text that still runs', () => {
    const { lead, orders, hear, playing, settle } = display()
    hear(state(transport(1, { playing: true })))
    hear(announced(true, 2))
    expect(useDesk.getState().live.cut?.version).toBe(2)
    expect(useDesk.getState().stage.shown?.version).toBe(1)
    lead.toggle()
    expect(orders).toMatchObject([{ action: 'pause', version: 1 }])
    expect(playing()).toBe(false)
    lead.answered(orders[0]?.id ?? '', 3)
    hear(announced(false, 3))
    expect(playing()).toBe(false)
    vi.advanceTimersByTime(3100)
    settle()
    expect(useDesk.getState().stage.shown?.version).toBe(2)
    expect(playing()).toBe(false)
  })

  it('stops a display whose room was stopped elsewhere', () => {
    const { hear, playing } = display()
    hear(state(transport(1, { playing: true })))
    hear(announced(true, 2))
    expect(playing()).toBe(true)
    hear(announced(false, 3))
    expect(playing()).toBe(false)
    expect(useDesk.getState().stage.shown?.version).toBe(1)
  })
})

describe('a paired screen', () => {
  it('does what the room does, and its reader changes nothing unless it leaves the step', () => {
    const { lead, orders, hear, playing } = display()
    useDesk.setState({ bound: true })
    hear(state(transport(1, { playing: true })))
    lead.toggle()
    lead.pace(20)
    lead.seek(9)
    lead.drag(40)
    lead.target(60)
    lead.reverse()
    expect(orders).toEqual([])
    expect(playing()).toBe(true)
    lead.setFollowing(false)
    lead.toggle()
    expect(playing()).toBe(false)
    expect(orders).toEqual([])
  })
})
