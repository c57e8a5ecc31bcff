import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface LeftProcess {
  pid: number
  command: string
}

/** Puts a mark into the environment that every process started from here on inherits, and returns it. */
export function markThisRun(): string {
  const id = randomUUID()
  process.env.CHECK_RUN_ID = id
  return `CHECK_RUN_ID=${id}`
}

/** The processes that carry the mark and still run, without this one. Linux only; elsewhere none are found. */
export function findLeftProcesses(marker: string): LeftProcess[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name): LeftProcess[] => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(marker)) return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').filter(Boolean)
        // A process that has ended and waits for its parent has no command line any more.
        return command.length === 0 ? [] : [{ pid: Number(name), command: summary(command) }]
      } catch {
        // It has gone, or belongs to somebody else.
        return []
      }
    })
}

/** The program and its arguments without options: Node and Chromium are started with dozens of them. */
function summary(command: readonly string[]): string {
  return command
    .filter((word) => !word.startsWith('-'))
    .join(' ')
    .slice(0, 200)
}
