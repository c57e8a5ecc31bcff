import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A process of ours beside the server: a file of this project, with messages to and fro, that ends when it is disconnected. */
export function startChild(path: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  return fork(path, [], {
    // What it prints goes where ours goes, but nothing of our command line goes to it (an inspector's port, a test's hooks).
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  })
}

/** Disconnects from one that runs; resolves when it has ended, by force if it takes longer than `graceMs`. */
export async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  const exited = once(child, 'exit')
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
  if (child.connected) child.disconnect()
  await exited
  clearTimeout(force)
}
