import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { applyPatch, everyTenth, hashOfBuildFiles, parseNinjaProgress } from './build.ts'
import { mediasoupFolder } from './mediasoup.ts'
import { patches } from './recipe.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-build-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('the key of the cache changes with the recipe, with a shim and with a new file, and with nothing else', (t) => {
  const folder = scratch(t)
  for (const part of ['recipe.ts', 'subprojects', 'pch'])
    cpSync(join(here, part), join(folder, part), { recursive: true })
  const before = hashOfBuildFiles(folder)
  assert.equal(before, hashOfBuildFiles(here))

  writeFileSync(join(folder, 'README.md'), 'text')
  assert.equal(hashOfBuildFiles(folder), before)

  const shim = join(folder, 'subprojects', 'libsrtp3', 'include', 'srtp.h')
  writeFileSync(shim, `${readFileSync(shim, 'utf8')}\n`)
  const withShim = hashOfBuildFiles(folder)
  assert.notEqual(withShim, before)

  writeFileSync(join(folder, 'subprojects', 'libuv', 'more.c'), '')
  const withFile = hashOfBuildFiles(folder)
  assert.notEqual(withFile, withShim)

  writeFileSync(join(folder, 'recipe.ts'), '')
  assert.notEqual(hashOfBuildFiles(folder), withFile)
})

test('each patch still finds its line in the installed mediasoup', async (t) => {
  for (const patch of patches) {
    const folder = scratch(t)
    const path = join(folder, patch.file)
    cpSync(join(mediasoupFolder, 'worker', patch.file), path, { recursive: true })
    await applyPatch(folder, patch)
    const text = readFileSync(path, 'utf8')
    assert.ok(text.includes(patch.replace), patch.why)
  }
})

test('a patch whose line is not there, or is there twice, fails and says what it is for', async (t) => {
  const folder = scratch(t)
  mkdirSync(join(folder, 'src'))
  const patch = { file: 'src/a.cpp', find: 'x == 1', replace: 'x & 1', why: 'it crashes otherwise' }

  for (const text of ['nothing', 'x == 1; x == 1']) {
    writeFileSync(join(folder, patch.file), text)
    await assert.rejects(applyPatch(folder, patch), /src\/a\.cpp.*it crashes otherwise.*recipe\.ts/)
    assert.equal(readFileSync(join(folder, patch.file), 'utf8'), text)
  }
})

test("ninja's lines are read as progress", () => {
  assert.deepEqual(parseNinjaProgress('[12/261] Compiling C++ object a.o'), { done: 12, total: 261 })
  assert.equal(parseNinjaProgress('ninja: Entering directory `build`'), undefined)
  assert.equal(parseNinjaProgress('../src/a.cpp:1:2: warning: [1/2] something'), undefined)
})

test('progress without a terminal is a line for each tenth', () => {
  const lines: string[] = []
  const progress = everyTenth((line) => lines.push(line))
  for (let done = 1; done <= 261; done += 1) progress({ done, total: 261 })
  assert.equal(lines.length, 10)
  assert.equal(lines[0], 'building the worker: 27 of 261 files')
  assert.equal(lines.at(-1), 'building the worker: 261 of 261 files')
})
