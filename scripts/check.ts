// What `npm test` runs after set-up: types, lint and format side by side, then the tests.
// `npm test -- killed-worker` runs only the tests in files whose path contains "killed-worker", or, if there is no such
// file, the tests whose name contains it.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../workers/binary/run.ts'
import { findLeftProcesses, markThisRun } from './left-processes.ts'
import { runTests, type TestGroup } from './test-run.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
/** A test that takes longer hangs. The longest ones hold a call of several browsers. */
const testTimeoutMs = 120_000
/** Processes may take a moment to go after their test has ended. */
const exitTimeoutMs = 5_000

const marker = markThisRun()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endLeftProcesses('was ended')
    process.exit(1)
  })
}

process.chdir(project)
process.exitCode = (await check(process.argv.slice(2))) ? 0 : 1

async function check(parts: readonly string[]): Promise<boolean> {
  const staticallyFine = parts.length > 0 || (await checkStatically())
  const groups = selectTests(parts)
  if (groups.length === 0) return false

  const passed = await runTests(groups, {
    timeoutMs: testTimeoutMs,
    endHanging: () => endLeftProcesses('did not end'),
  })
  if (!staticallyFine) say('✖ types, lint or format failed, see above')
  const clean = await nothingIsLeft()
  return staticallyFine && passed && clean
}

async function checkStatically(): Promise<boolean> {
  const checks: { name: string; command: [script: string, ...args: string[]] }[] = [
    { name: 'lint', command: ['eslint/bin/eslint.js', '.'] },
    { name: 'format', command: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] },
  ]
  for (const folder of ['.', 'src/sdk', 'src/web']) {
    if (!existsSync(join(folder, 'tsconfig.json'))) continue
    checks.push({ name: `types of ${folder}`, command: ['typescript/bin/tsc', '-p', folder] })
  }

  const passed = await Promise.all(
    checks.map(async ({ name, command: [script, ...args] }) => {
      const start = performance.now()
      const { code, output } = await run(process.execPath, [join('node_modules', script), ...args])
      const took = `${((performance.now() - start) / 1000).toFixed(1)} s`
      say(code === 0 ? `✔ ${name} (${took})` : `✖ ${name} (${took})\n${output}`)
      return code === 0
    }),
  )
  return passed.every(Boolean)
}

/**
 * The tests in groups that run one after the other: several files at a time, and alone those that start browsers or record,
 * where a machine that is busy with something else shows in the media.
 */
function selectTests(parts: readonly string[]): TestGroup[] {
  const all = globSync('**/*.test.ts', { exclude: (path) => /(^|[/\\])(node_modules|dist|data)$/.test(path) })
    .map((path) => path.split(sep).join('/'))
    .sort()
  let files = all
  let names: RegExp[] = []

  if (parts.length > 0) {
    files = all.filter((path) => parts.some((part) => path.toLowerCase().includes(part.toLowerCase())))
    if (files.length === 0) {
      names = parts.map(namePattern)
      files = all.filter((path) => testNamesIn(path).some((found) => names.some((name) => name.test(found))))
    }
    say(
      files.length > 0
        ? `tests of ${files.join(', ')}`
        : `there is no test file or test like ${parts.join(', ')}`,
    )
  }

  const alone = files.filter(needsMachineForItself)
  return [
    { files: files.filter((path) => !alone.includes(path)), concurrency: availableParallelism(), names },
    { files: alone, concurrency: 1, names },
  ].filter((group) => group.files.length > 0)
}

function needsMachineForItself(path: string): boolean {
  return /\/support\/(browser|caller|recorder-\w+|stage)\.ts'/.test(readFileSync(path, 'utf8'))
}

/** "killed-worker" stands for the test "A killed worker …", too. */
function namePattern(part: string): RegExp {
  const literal = part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(literal.replaceAll('-', '[-\\s]'), 'i')
}

function testNamesIn(path: string): string[] {
  const declarations = readFileSync(path, 'utf8').matchAll(
    /\b(?:test|it|describe|suite)(?:\.\w+)?\(\s*(['"`])(.*?)\1/g,
  )
  return Array.from(declarations, ([, , name = '']) => name)
}

async function nothingIsLeft(): Promise<boolean> {
  const deadline = Date.now() + exitTimeoutMs
  while (findLeftProcesses(marker).length > 0 && Date.now() < deadline) {
    await new Promise((wake) => setTimeout(wake, 100))
  }
  return endLeftProcesses('was left behind by a test') === 0
}

function endLeftProcesses(why: string): number {
  const left = findLeftProcesses(marker)
  for (const { pid, command } of left) {
    say(`✖ process ${pid} ${why}: ${command}`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has gone in the meantime.
    }
  }
  return left.length
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
