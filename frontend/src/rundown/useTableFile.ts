import { useEffect, useRef, useState } from 'react'
import { api } from '../shared/api'
import { base64 } from '../shared/files'
import type { Shapes } from '../shared/rest'
import type { Scenario } from './plan'

/** The table somebody chose, as the server reads it; read anew when the segments for rows without one change. */
export function useTableFile(segments: readonly Scenario[] | undefined) {
  const [content, setContent] = useState<string>()
  const [read, setRead] = useState<Shapes['ReadTable']>()
  const [problem, setProblem] = useState<unknown>()
  const [reading, setReading] = useState(false)
  const choice = useRef(0)
  const otherwise = segments?.join() ?? ''

  useEffect(() => {
    if (content === undefined) return
    const turn = ++choice.current
    const mine = () => choice.current === turn
    setReading(true)
    setProblem(undefined)
    api
      .readShowTable({ content, segments: otherwise ? (otherwise.split(',') as Scenario[]) : [] })
      .then(
        (answer) => mine() && setRead(answer),
        (error: unknown) => {
          if (!mine()) return
          setRead(undefined)
          setProblem(error)
        },
      )
      .finally(() => mine() && setReading(false))
  }, [content, otherwise])

  const choose = (file: File | undefined) => {
    choice.current += 1
    setRead(undefined)
    setProblem(undefined)
    setContent(undefined)
    if (file) void base64(file).then(setContent, setProblem)
  }
  return { choose, read, problem, reading }
}
