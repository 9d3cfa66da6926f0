import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CommandRefused, DeskSocket } from './socket'

/** A line whose other end is this test. */
class Line {
  static all: Line[] = []
  static readonly OPEN = 1
  readyState = 1
  sent: { type: string; id: string }[] = []
  onmessage: ((event: { data: string }) => void) | undefined
  onclose: ((event: { code: number; reason: string }) => void) | undefined

  constructor() {
    Line.all.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.readyState = 3
  }

  welcome(): void {
    const server_time = new Date().toISOString()
    const frame = { type: 'welcome', epoch: 'e', server_time, heartbeat_seconds: 15 }
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  lose(): void {
    this.readyState = 3
    this.onclose?.({ code: 1006, reason: '' })
  }

  of(type: string) {
    return this.sent.filter((frame) => frame.type === type)
  }
}

const line = (): Line => {
  const last = Line.all.at(-1)
  if (!last) throw new Error('no line')
  return last
}
const order = { type: 'prompter_control', room_id: 'r', version: 1, action: 'play' } as const

beforeEach(() => {
  Line.all = []
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Line)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function open(): Promise<DeskSocket> {
  const socket = new DeskSocket()
  socket.connect()
  await vi.advanceTimersByTimeAsync(0)
  line().welcome()
  return socket
}

it('does not carry out late what was meant for the moment', async () => {
  const socket = await open()
  const [moment, lasting] = [
    socket.send(order, { once: true }).catch((problem: unknown) => problem),
    socket.send({ type: 'claim', interrupt_id: 'i' }),
  ]
  line().lose()
  const refused = await moment
  expect(refused).toBeInstanceOf(CommandRefused)
  expect((refused as CommandRefused).code).toBe('unconfirmed')
  await expect(socket.send(order, { once: true })).rejects.toMatchObject({ code: 'disconnected' })
  while (Line.all.length < 2) await vi.advanceTimersByTimeAsync(100)
  line().welcome()
  expect(line().of('prompter_control')).toEqual([])
  // What is not of the moment is said again.
  const [again] = line().of('claim')
  line().onmessage?.({ data: JSON.stringify({ type: 'ack', re: again?.id, status: 'accepted', result: {} }) })
  await expect(lasting).resolves.toMatchObject({ status: 'accepted' })
  socket.close()
})

it('says so when something that is true now could not be sent', async () => {
  const socket = await open()
  expect(socket.post(order)).toBe(true)
  // The browser knows that the line is going before it says so.
  line().readyState = 2
  expect(socket.post(order)).toBe(false)
  expect(line().of('prompter_control')).toHaveLength(1)
  socket.close()
})

it('learns nothing of the line from an answer that waited for a page that stood still', async () => {
  const socket = await open()
  const answered = (after: number) => {
    vi.advanceTimersByTime(250) // a ping of the first five
    const { id } = line().of('ping').at(-1) ?? { id: '' }
    // As a laptop that sleeps: the clock goes on, no timer does.
    vi.setSystemTime(Date.now() + after)
    line().onmessage?.({
      data: JSON.stringify({ type: 'pong', re: id, server_time: new Date().toISOString() }),
    })
  }
  answered(40)
  expect(socket.clock.roundTrip).toBe(40)
  const { offset } = socket.clock
  answered(23_000)
  expect(socket.clock.roundTrip).toBe(40)
  expect(socket.clock.offset).toBe(offset)
})

it('knows a line that goes without a word for lost within ten seconds, since its last one', async () => {
  const socket = await open()
  await vi.advanceTimersByTimeAsync(4_000)
  line().onmessage?.({ data: JSON.stringify({ type: 'notice' }) })
  const heard = Date.now()
  while (socket.status.state === 'open') await vi.advanceTimersByTimeAsync(100)
  expect(Date.now() - heard).toBeLessThanOrEqual(10_000)
  expect(socket.status).toMatchObject({ state: 'reconnecting', since: heard })
})
