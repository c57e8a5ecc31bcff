import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ESLint } from 'eslint'
import { whyNotImported } from './import-rules.js'

const value = (file: string, source: string): string | undefined =>
  whyNotImported({ file, source, typeOnly: false })
const type = (file: string, source: string): string | undefined =>
  whyNotImported({ file, source, typeOnly: true })

test('a folder may import what the design gives it, and is told what to do instead of anything else', () => {
  assert.equal(value('src/rooms/room.ts', '../lib/ids.ts'), undefined)
  assert.equal(value('src/rooms/room.ts', './peer.ts'), undefined)
  assert.match(
    value('src/rooms/room.ts', '../chat/chat.ts') ?? '',
    /^src\/rooms may not import src\/chat\. Rooms are/,
  )
  assert.match(
    value('workers/binary/build.ts', '../../src/rooms/room.ts') ?? '',
    /^workers may not import src\/rooms/,
  )
  assert.match(
    value('workers/worker-pool.ts', '../recorder/tap.ts') ?? '',
    /^workers may not import recorder/,
  )
  assert.match(value('src/chat/chat.ts', '../rooms/rooms.ts') ?? '', /^src\/chat may not import src\/rooms/)
  assert.match(value('src/web/call/call.ts', '../../lib/ids.ts') ?? '', /^src\/web may not import src\/lib/)
  assert.match(value('config/load.ts', '../src/app.ts') ?? '', /^config may not import src/)
})

test('types cross some borders that values may not', () => {
  assert.equal(type('src/rooms/room.ts', '../../workers/worker-pool.ts'), undefined)
  assert.match(
    value('src/rooms/room.ts', '../../workers/worker-pool.ts') ?? '',
    /may use only types of workers/,
  )
  assert.equal(type('src/sdk/room.ts', '../protocol/model.ts'), undefined)
  assert.match(
    value('src/sdk/room.ts', '../protocol/validate.ts') ?? '',
    /may use only types of src\/protocol/,
  )
})

test('routes live with their feature and know of the others only the types', () => {
  assert.equal(type('src/auth/accounts.routes.ts', '../http/api.ts'), undefined)
  assert.equal(type('src/rooms/rooms.routes.ts', '../audit/audit.ts'), undefined)
  assert.equal(type('src/meetings/meetings.ts', '../mail/mail.ts'), undefined)
  assert.match(value('src/auth/accounts.ts', '../mail/mailer.ts') ?? '', /may use only types of src\/mail/)
  assert.match(value('src/meetings/meetings.ts', '../rooms/rooms.ts') ?? '', /may not import src\/rooms/)
  assert.match(value('src/mail/mailer.ts', '../auth/accounts.ts') ?? '', /may not import src\/auth/)
  assert.match(value('src/audit/audit.ts', '../auth/accounts.ts') ?? '', /may not import src\/auth/)
})

test('only workers import mediasoup at run time', () => {
  assert.equal(value('workers/worker-slot.ts', 'mediasoup'), undefined)
  assert.equal(type('recorder/tap.ts', 'mediasoup/types'), undefined)
  assert.match(value('recorder/tap.ts', 'mediasoup') ?? '', /Only workers\/ imports mediasoup/)
  assert.match(value('src/app.ts', 'mediasoup') ?? '', /Only workers\/ imports mediasoup/)
  assert.equal(value('src/sdk/room.ts', 'mediasoup-client'), undefined)
})

test('nobody calls observe', () => {
  assert.match(value('src/rooms/room.ts', '../observe/metrics.ts') ?? '', /src\/observe watches/)
  assert.equal(value('src/app.ts', './observe/metrics.ts'), undefined)
})

test('tests and the parts that put everything together may import all', () => {
  assert.equal(value('src/rooms/room.test.ts', '../../workers/worker-pool.ts'), undefined)
  assert.equal(value('src/app.ts', './rooms/rooms.ts'), undefined)
  assert.equal(value('scripts/setup.ts', '../recorder/ffmpeg-binary.ts'), undefined)
})

test('eslint reports a violation in a real file name', async () => {
  const eslint = new ESLint({
    overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } }],
    ruleFilter: ({ ruleId }) => ruleId === 'sluice/who-may-import-whom',
  })
  const [result] = await eslint.lintText(
    `import { Rooms } from '../rooms/rooms.ts'\nimport type { Room } from '../rooms/room.ts'\nexport * from '../protocol/model.ts'\n`,
    { filePath: 'src/chat/example.ts' },
  )
  assert.deepEqual(
    result?.messages.map(({ ruleId, line }) => [ruleId, line]),
    [
      ['sluice/who-may-import-whom', 1],
      ['sluice/who-may-import-whom', 2],
    ],
  )
})
