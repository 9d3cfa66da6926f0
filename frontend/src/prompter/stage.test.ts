import { describe, expect, it } from 'vitest'
import type { PrompterState } from '../generated/protocol'
import { apply, EMPTY_STAGE, type Stage, type StageEvent } from './stage'

const state = (version: number, script: string | null, content = `稿${version}`): PrompterState => ({
  type: 'prompter_state',
  room_id: 'r',
  version,
  script_id: script,
  script_version: 1,
  title: '',
  content,
  pace: 240,
  updated_at: '2026-01-01T00:00:00Z',
  acked_version: 0,
  acked_at: null,
  position: 0,
})
const play = (...events: StageEvent[]): Stage => events.reduce(apply, EMPTY_STAGE)
const received = (s: PrompterState): StageEvent => ({ type: 'received', state: s })
const running: StageEvent = { type: 'moved', motion: 'running' }

describe('the stage', () => {
  it('shows what comes when nothing is being read', () => {
    expect(play(received(state(1, 'a')), received(state(2, 'b')))).toMatchObject({
      shown: { version: 2 },
      next: undefined,
      motion: 'paused',
    })
    expect(
      play(received(state(1, 'a')), { type: 'moved', motion: 'finished' }, received(state(2, 'b'))),
    ).toMatchObject({ shown: { version: 2 }, motion: 'paused' })
  })

  it('docks another script while one is being read, and shows it when taken', () => {
    const docked = play(received(state(1, 'a')), running, received(state(2, 'b')), received(state(3, 'c')))
    expect(docked).toMatchObject({ shown: { version: 1 }, next: { version: 3 }, motion: 'running' })
    expect(apply(docked, { type: 'taken' })).toMatchObject({
      shown: { version: 3 },
      next: undefined,
      motion: 'paused',
      arrival: { kind: 'start', position: 0 },
    })
  })

  it('corrects the script being read in place', () => {
    expect(play(received(state(1, 'a')), running, received(state(2, 'a')))).toMatchObject({
      shown: { version: 2 },
      motion: 'running',
      arrival: { kind: 'patch' },
    })
  })

  it('forgets the docked script when the room goes back to the one being read', () => {
    const stage = play(received(state(1, 'a')), running, received(state(2, 'b')), received(state(3, 'a')))
    expect(stage).toMatchObject({ shown: { version: 3 }, next: undefined })
  })

  it('does not clear the screen under the reader', () => {
    expect(play(received(state(1, 'a')), running, received(state(2, null, '')))).toMatchObject({
      shown: { version: 1 },
      next: { version: 2 },
    })
  })

  it('ignores what is not newer', () => {
    const stage = play(received(state(5, 'a')), running)
    expect(apply(stage, received(state(5, 'b')))).toBe(stage)
    expect(apply(stage, received(state(4, 'b')))).toBe(stage)
  })

  it('listens to lower versions again when the server was restored', () => {
    const stage = play(received(state(5, 'a')), { type: 'renumbered' }, received(state(2, 'a', '新')))
    expect(stage.shown?.content).toBe('新')
  })

  it('prefers the server to what the device kept', () => {
    const restored: StageEvent = { type: 'restored', state: state(3, 'a'), position: 12 }
    expect(play(restored)).toMatchObject({ shown: { version: 3 }, arrival: { kind: 'start', position: 12 } })
    expect(play(received(state(4, 'b')), restored).shown?.version).toBe(4)
  })
})
