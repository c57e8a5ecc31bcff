import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { cacheFolder, withLock } from '../workers/binary/cache.mjs'
import { run } from '../workers/binary/run.ts'

const stampName = '.built-from'
const notSources = new Set(['node_modules', 'dist'])

/** Builds the web app into src/web/dist if its sources changed since, and says what it did. */
export async function buildWebApp(project: string, report: (line: string) => void): Promise<void> {
  const web = join(project, 'src', 'web')
  if (!existsSync(join(web, 'index.html'))) {
    report('there is no web app in src/web yet, not building it')
    return
  }

  const dist = join(web, 'dist')
  const isBuilt = (): boolean => readStamp(dist) === sourcesHash(project)
  if (isBuilt()) return

  const name = createHash('sha256').update(project).digest('hex').slice(0, 16)
  await withLock(join(cacheFolder(), 'locks', `web-${name}.lock`), async () => {
    if (isBuilt()) return
    // Taken before the build: a file that is changed during it makes the next start build again.
    const builtFrom = sourcesHash(project)
    const start = performance.now()
    const fresh = join(project, 'node_modules', '.cache', `web-${process.pid}`)
    await mkdir(fresh, { recursive: true })

    try {
      const vite = join(project, 'node_modules', 'vite', 'bin', 'vite.js')
      const args = ['build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn']
      const { code, output } = await run(process.execPath, [vite, ...args], { cwd: web })
      if (code !== 0) throw new Error(`the web app could not be built:\n${output}`)
      await compressFiles(fresh)
      await writeFile(join(fresh, stampName), builtFrom)
      await replaceFolder(dist, fresh)
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
    report(`built the web app in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  })
}

/** Smaller copies beside the files, which the web server hands out as they are: compressed once, not at each request. */
async function compressFiles(folder: string): Promise<void> {
  const texts = filesIn(folder).filter((path) => /\.(js|css|html|svg)$/.test(path))
  await Promise.all(
    texts.map(async (path) => {
      const text = await readFile(path)
      await writeFile(`${path}.br`, await promisify(brotliCompress)(text))
      await writeFile(`${path}.gz`, await promisify(gzip)(text))
    }),
  )
}

/** A hash over everything the web app is made of. */
export function sourcesHash(project: string): string {
  const hash = createHash('sha256')
  for (const path of [
    join(project, 'package-lock.json'),
    import.meta.filename,
    ...['web', 'sdk', 'protocol'].flatMap((part) => filesIn(join(project, 'src', part))),
  ]) {
    hash
      .update(`${relative(project, path)}\0`)
      .update(readFileSync(path))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !notSources.has(entry.name) && !entry.name.endsWith('.md'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : [path]
    })
}

function readStamp(dist: string): string | undefined {
  try {
    return readFileSync(join(dist, stampName), 'utf8')
  } catch {
    return undefined
  }
}

async function replaceFolder(folder: string, fresh: string): Promise<void> {
  const old = `${fresh}-old`
  if (existsSync(folder)) await rename(folder, old)
  await rename(fresh, folder)
  await rm(old, { recursive: true, force: true })
}
