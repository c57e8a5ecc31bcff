import { run } from 'node:test'
import { spec } from 'node:test/reporters'

export interface TestGroup {
  files: string[]
  /** How many files run at the same time. */
  concurrency: number
  /** If there are any, only tests whose name matches one of them. */
  names: RegExp[]
}

export interface RunOptions {
  /** A test that takes longer has failed. */
  timeoutMs: number
  /** Ends the test processes when nothing has happened for longer than any test may take. */
  endHanging: () => void
}

type Event = { type: string; data: { nesting?: number; message?: string; file?: string } }

const counted = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms']
const graceMs = 15_000

/** Runs groups of test files one after the other with Node's runner, as one report with one summary at the end. */
export async function runTests(groups: readonly TestGroup[], options: RunOptions): Promise<boolean> {
  const report = new spec()
  report.pipe(process.stdout)
  const totals = new Map<string, number>(counted.map((name) => [name, 0]))

  for (const { files, concurrency, names } of groups) {
    const stream = run({
      files,
      concurrency,
      timeout: options.timeoutMs,
      ...(names.length > 0 && { testNamePatterns: names }),
    })

    // Node's time limit fails a test, but does not end a file whose open timers or sockets keep it alive.
    const watchdog = setTimeout(options.endHanging, options.timeoutMs + graceMs)
    for await (const event of stream as AsyncIterable<Event>) {
      watchdog.refresh()
      const total = totalIn(event)
      if (total === undefined) report.write(event)
      else totals.set(total.name, (totals.get(total.name) ?? 0) + total.count)
    }
    clearTimeout(watchdog)
  }

  for (const [name, total] of totals) {
    report.write({ type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${total}` } })
  }
  const written = new Promise((resolve) => report.once('end', resolve))
  report.end()
  await written
  return totals.get('fail') === 0 && totals.get('cancelled') === 0
}

/** A line of the summary that Node's runner ends each group with. */
function totalIn({ type, data }: Event): { name: string; count: number } | undefined {
  if (type !== 'test:diagnostic' || data.nesting !== 0 || data.file !== undefined) return undefined
  const [name = '', count = ''] = (data.message ?? '').split(' ')
  return counted.includes(name) && count !== '' ? { name, count: Number(count) } : undefined
}
