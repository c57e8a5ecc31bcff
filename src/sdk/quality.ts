import type { ConnectionQuality } from './types.ts'

/** What is known of a connection at one moment. */
export interface QualityEvidence {
  /** mediasoup's scores of streams that are flowing, 0 to 10. A score of 0 is a stream that rests: no evidence. */
  readonly scores: readonly number[]
  /** Milliseconds. */
  readonly roundTripTime?: number | undefined
  /** 0 to 1. */
  readonly packetLoss?: number | undefined
  readonly transport: 'unknown' | 'connected' | 'unstable' | 'lost'
}

type Grade = Exclude<ConnectionQuality, 'unknown'>
const worstFirst: readonly Grade[] = ['lost', 'poor', 'good', 'excellent']

/** The worst of what the evidence says, or `unknown` without any. */
export function gradeConnection(evidence: QualityEvidence): ConnectionQuality {
  if (evidence.transport === 'lost') return 'lost'
  const grades: Grade[] = []
  if (evidence.transport === 'unstable') grades.push('poor')
  const flowing = evidence.scores.filter((score) => score > 0)
  if (flowing.length > 0) {
    const mean = flowing.reduce((sum, score) => sum + score, 0) / flowing.length
    grades.push(mean >= 9 ? 'excellent' : mean >= 7 ? 'good' : 'poor')
  }
  const { roundTripTime, packetLoss } = evidence
  if (roundTripTime !== undefined) {
    grades.push(roundTripTime < 200 ? 'excellent' : roundTripTime < 400 ? 'good' : 'poor')
  }
  if (packetLoss !== undefined) {
    grades.push(packetLoss < 0.02 ? 'excellent' : packetLoss < 0.06 ? 'good' : 'poor')
  }
  if (grades.length === 0) return evidence.transport === 'connected' ? 'excellent' : 'unknown'
  return grades.reduce((worst, grade) =>
    worstFirst.indexOf(grade) < worstFirst.indexOf(worst) ? grade : worst,
  )
}

/** What is shown, and what may be shown soon. */
export interface SettledQuality {
  readonly shown: ConnectionQuality
  readonly next: ConnectionQuality
  /** When `next` was first seen, in milliseconds. */
  readonly since: number
}

export const unsettled: SettledQuality = { shown: 'unknown', next: 'unknown', since: 0 }

/** A worse grade is believed after this long, a better one later: milliseconds. */
const worseAfter = 3_000
const betterAfter = 6_000

/** Keeps the shown quality from flickering: a new grade has to last. Losing the connection and first news show at once. */
export function settleQuality(before: SettledQuality, grade: ConnectionQuality, now: number): SettledQuality {
  if (grade === before.shown) return { shown: grade, next: grade, since: now }
  const immediate = grade === 'lost' || before.shown === 'lost' || before.shown === 'unknown'
  if (immediate) return { shown: grade, next: grade, since: now }
  const since = before.next === grade ? before.since : now
  const isWorse = grade === 'unknown' || worstFirst.indexOf(grade) < worstFirst.indexOf(before.shown as Grade)
  if (now - since >= (isWorse ? worseAfter : betterAfter)) return { shown: grade, next: grade, since: now }
  return { shown: before.shown, next: grade, since }
}

/** Loudness from dBov (−127 to 0) to 0…1, linear in decibels: −80 and less is silence. */
export function levelFromDbov(dbov: number): number {
  return Math.min(1, Math.max(0, (dbov + 80) / 80))
}
