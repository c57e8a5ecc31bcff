// Builds the package: one ES module with mediasoup-client left as a dependency, and a declaration file for each source
// file. The wire protocol's types stay inside: a declaration that mentions them fails the build.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const folder = dirname(fileURLToPath(import.meta.url))
const dist = join(folder, 'dist')
rmSync(dist, { recursive: true, force: true })

const bundle = await rolldown({
  input: join(folder, 'index.ts'),
  external: ['mediasoup-client'],
  platform: 'browser',
})
await bundle.write({ dir: dist, format: 'esm', entryFileNames: 'index.js', sourcemap: true })
await bundle.close()

const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
execFileSync(process.execPath, [tsc, '-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' })

const made = join(dist, 'types', 'sdk')
for (const name of readdirSync(made)) {
  const text = readFileSync(join(made, name), 'utf8')
    // Internal members are gone; so must be the imports that only they needed.
    .replace(/^import type \{[^}]*\} from '\.\.\/(?:protocol|lib)\/[^']*';\n/gm, '')
    .replace(/(from '\.\/[^']*)\.ts'/g, "$1.js'")
  if (text.includes("'../")) throw new Error(`${name} mentions something outside of the package:\n${text}`)
  writeFileSync(join(made, name), text)
}
for (const name of readdirSync(made)) renameSync(join(made, name), join(dist, name))
rmSync(join(dist, 'types'), { recursive: true })
console.log(`sluice-client: ${readdirSync(dist).length} files in dist`)
