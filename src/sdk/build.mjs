// Builds the package: one ES module with mediasoup-client left as a dependency, and one declaration file with what the
// public surface needs. The wire protocol stays inside.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateDtsBundle } from 'dts-bundle-generator'
import { rolldown } from 'rolldown'

const folder = dirname(fileURLToPath(import.meta.url))
const dist = join(folder, 'dist')
const types = join(dist, 'types')
rmSync(dist, { recursive: true, force: true })

const bundle = await rolldown({
  input: join(folder, 'index.ts'),
  external: ['mediasoup-client'],
  platform: 'browser',
})
await bundle.write({ dir: dist, format: 'esm', entryFileNames: 'index.js', sourcemap: true })
await bundle.close()

// First a declaration file for each source file, without internal members; then one of what can be reached from the index.
const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
execFileSync(process.execPath, [tsc, '-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' })
const [declarations = ''] = generateDtsBundle(
  [{ filePath: join(types, 'sdk', 'index.d.ts'), output: { noBanner: true } }],
  { preferredConfigPath: join(folder, 'tsconfig.json') },
)
rmSync(types, { recursive: true })
const outside = /from ['"][^'"]+['"]/.exec(declarations)
if (outside) throw new Error(`The public surface mentions something outside of the package: ${outside[0]}`)
writeFileSync(join(dist, 'index.d.ts'), declarations)

const size = (name) => `${name} ${Math.round(readFileSync(join(dist, name)).length / 1024)} kB`
console.log(`sluice-client: ${['index.js', 'index.d.ts'].map(size).join(', ')}`)
