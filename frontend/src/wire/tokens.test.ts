import { describe, expect, it } from 'vitest'
import type { MessageSnapshot, Token } from '../generated/protocol'
import { drop, type LiveText, type LiveTexts, merge, mergeInto } from './tokens'

const token = (i: number, content: string, attempt = 1, n = 1): Token => ({
  type: 'token',
  thread_id: 't',
  message_id: 'm',
  agent: 'script',
  attempt,
  i,
  n,
  content,
})
const snapshot = (i: number, content: string, attempt = 1): MessageSnapshot => ({
  type: 'message_snapshot',
  thread_id: 't',
  message_id: 'm',
  agent: 'script',
  attempt,
  i,
  content,
})
const fold = (frames: (Token | MessageSnapshot)[]): LiveText | undefined =>
  frames.reduce<LiveText | undefined>((text, frame) => merge(text, frame).text, undefined)

describe('text under way', () => {
  it('puts pieces together in their order', () => {
    expect(fold([token(0, '今天'), token(1, '👨‍'), token(2, '👩')])).toMatchObject({
      text: '今天👨‍👩',
      next: 3,
    })
  })

  it('ignores a piece it already has', () => {
    const text = fold([token(0, '今'), token(1, '天')])
    expect(merge(text, token(1, '天'))).toEqual({ text, outcome: 'ignored' })
  })

  it('keeps the text at a gap and goes on from the snapshot', () => {
    const text = fold([token(0, '今')])
    expect(merge(text, token(2, '好'))).toEqual({ text, outcome: 'gap' })
    expect(merge(undefined, token(3, '好')).outcome).toBe('gap')
    expect(fold([token(0, '今'), snapshot(2, '今天'), token(2, '好')])?.text).toBe('今天好')
  })

  it('takes several pieces joined in one frame', () => {
    const text = fold([token(0, '今'), token(1, '天好', 1, 2), token(3, '！')])
    expect(text).toMatchObject({ text: '今天好！', next: 4 })
    expect(merge(text, token(1, '天好', 1, 2)).outcome).toBe('ignored')
    expect(merge(text, token(3, '！啊', 1, 2))).toEqual({ text, outcome: 'gap' })
  })

  it('starts anew with a later attempt and forgets the earlier one', () => {
    const text = fold([token(0, '旧'), token(1, '稿'), token(0, '新', 2)])
    expect(text).toMatchObject({ text: '新', attempt: 2 })
    expect(merge(text, token(2, '稿', 1)).outcome).toBe('ignored')
    expect(merge(text, snapshot(9, '旧稿', 1)).outcome).toBe('ignored')
  })

  it('is not set back by a snapshot that is older than what is shown', () => {
    const text = fold([token(0, '今'), token(1, '天')])
    expect(merge(text, snapshot(1, '今'))).toEqual({ text, outcome: 'ignored' })
  })

  it('keeps messages apart and drops a finished one', () => {
    const { texts } = mergeInto({}, token(0, '今'))
    expect(mergeInto(texts, token(0, '今')).texts).toBe(texts)
    const empty: LiveTexts = drop(texts, 'm')
    expect(empty).toEqual({})
    expect(drop(empty, 'm')).toBe(empty)
  })
})
