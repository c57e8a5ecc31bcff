import { useCallback, useEffect, useRef, useState } from 'react'
import type { Call } from './call.ts'
import { describeComing } from './notices.ts'

export interface Notice {
  readonly id: number
  readonly text: string
  readonly problem: boolean
  /** Stays as long as a problem, and is not pushed out by what is said for a moment. */
  readonly lasting: boolean
}

/** People coming within this time are told in one sentence. */
const gather = 1500
const stay = { note: 4500, lasting: 9000 }
const mostShown = 3

/** Makes room for the newest: first what is said for a moment goes, then the oldest. */
function trim(notices: readonly Notice[]): readonly Notice[] {
  if (notices.length <= mostShown) return notices
  const fleeting = notices.findIndex((notice, i) => !notice.lasting && i < notices.length - 1)
  return trim(notices.filter((_, i) => i !== Math.max(0, fleeting)))
}

/** Short messages over the stage, and the same as one line for screen readers. */
export function useNotices(call: Call) {
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const [said, setSaid] = useState('')
  const next = useRef(0)

  const dismiss = useCallback((id: number) => {
    setNotices((before) => before.filter((notice) => notice.id !== id))
  }, [])
  const tell = useCallback(
    (text: string, problem = false, lasting = problem) => {
      const id = next.current++
      setNotices((before) =>
        trim([...before.filter((notice) => notice.text !== text), { id, text, problem, lasting }]),
      )
      setSaid(text)
      window.setTimeout(() => dismiss(id), lasting ? stay.lasting : stay.note)
    },
    [dismiss],
  )

  useEffect(() => {
    let joined: string[] = []
    let left: string[] = []
    let timer: number | undefined
    const flush = () => {
      timer = undefined
      for (const sentence of describeComing({ joined, left })) tell(sentence)
      joined = []
      left = []
    }
    const stop = call.onEvent((event) => {
      if (event.type === 'problem') return tell(event.text, true)
      if (event.type === 'note') return tell(event.text, false, event.lasting)
      if (event.type === 'joined') joined.push(event.name)
      else if (event.type === 'left') left.push(event.name)
      else return
      timer ??= window.setTimeout(flush, gather)
    })
    return () => {
      stop()
      window.clearTimeout(timer)
    }
  }, [call, tell])

  return { notices, said, tell, dismiss, say: setSaid }
}
