import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface RunResult {
  code: number | undefined
  /** Standard output and error as they came. */
  output: string
}

/** Runs a program without a shell or standard input and collects what it prints; a program that is missing has no code. */
export async function run(
  command: string,
  args: readonly string[],
  options: {
    cwd?: string
    env?: NodeJS.ProcessEnv
    onLine?: (line: string) => void
    timeoutMs?: number
  } = {},
): Promise<RunResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  const lines: string[] = []

  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      options.onLine?.(line)
    })
  }

  const code = await new Promise<number | undefined>((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message)
      resolve(undefined)
    })
    child.once('close', (exitCode) => resolve(exitCode ?? undefined))
  })
  return { code, output: lines.join('\n') }
}
