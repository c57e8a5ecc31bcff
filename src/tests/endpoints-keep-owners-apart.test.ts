import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exampleOf } from '../http/example.ts'
import { person, type Person } from './support/accounts.ts'
import { readOperations, type Operation } from './support/operations.ts'
import { keepRecording } from './support/kept-recording.ts'
import type { Answer } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let operations: readonly Operation[]
before(async () => {
  server = await startServer(
    {
      SLUICE_LIMITS_REQUESTS_PER_MINUTE: '1000000',
      // A call that stops ringing meanwhile would look like one that somebody else changed.
      SLUICE_CALLS_RING_SECONDS: '600',
    },
    undefined,
    { withDatabase: true },
  )
  operations = await readOperations(server.url)
})
after(() => server.close())

/** A person whose name, address and things carry a word that nobody else's do. */
interface Owner extends Person {
  readonly mark: string
  /** Ids of theirs, by the tag of the endpoints that gave them out. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>
}

/** Makes one of everything that people can have. */
async function owner(mark: string, role: 'host' | 'admin' = 'host'): Promise<Owner> {
  const somebody = await person(server, { role, email: `${mark}@example.org`, name: `Name ${mark}` })
  const { client } = somebody
  const made = async (path: string, body: object = {}): Promise<Answer['body']> => {
    const { status, body: answer } = await client.post(path, body)
    assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(answer)}`)
    return answer
  }
  const invitees = [{ email: `invited-by-${mark}@example.org` }]
  const startsAt = new Date(Date.now() + 3_600_000).toISOString()
  await made('/meetings', { title: `Now ${mark}`, passcode: '97531', description: mark, metadata: { mark } })
  await made('/meetings', {
    title: `Later ${mark}`,
    startsAt,
    timeZone: 'Europe/Madrid',
    recurrence: 'FREQ=WEEKLY;COUNT=4',
    invitees,
  })
  const { meeting } = { meeting: await made('/meetings', { title: `Over ${mark}` }) }
  await made(`/meetings/${meeting.id}/end`)
  await made('/calls', { type: 'audio', callees: [`called-by-${mark}@example.org`] })
  const { id } = await keepRecording(server, {
    room: `room-of-${mark}`,
    title: `Recorded ${mark}`,
    startedBy: { kind: 'account', id: somebody.id, name: `Name ${mark}` },
    participants: [{ identity: somebody.id, name: `Name ${mark}`, accountId: somebody.id }],
  })
  const { id: shareId } = await made(`/recordings/${id}/shares`)
  await made('/account/calendar-feed')
  await made('/account/second-factor')
  // A second session, as on a phone.
  const { accounts } = await server.app.services()
  const phone = { address: '192.0.2.9', userAgent: `Phone of ${mark}` }
  await accounts.logIn.logIn({ email: somebody.email, password: 'correct horse battery' }, phone, new Date())
  const ids = await idsOf(somebody)
  // Lists of recordings do not name them.
  ids.get('Recordings')!.add(shareId as string)
  return { ...somebody, mark, ids }
}

const hasIds = ({ parameters }: Operation): boolean => parameters.some(({ in: place }) => place === 'path')

/** Endpoints at which knowing the code, the token or the word is what lets in. */
const isPublic = ({ path }: Operation): boolean => /\{(code|feedToken|shareToken)\}/.test(path)

/** Everything that somebody can read without knowing an id. */
async function lists({ client }: Person): Promise<[Operation, Answer['body']][]> {
  const found: [Operation, Answer['body']][] = []
  for (const operation of operations) {
    if (operation.method !== 'GET' || hasIds(operation) || operation.path.startsWith('/auth/external'))
      continue
    const { status, body } = await client.get(operation.path)
    if (status === 200) found.push([operation, body])
  }
  return found
}

async function idsOf(somebody: Person): Promise<Map<string, Set<string>>> {
  const ids = new Map<string, Set<string>>()
  for (const [{ tag }, body] of await lists(somebody)) {
    const ofTag = ids.get(tag) ?? new Set()
    ids.set(tag, ofTag)
    for (const [key, value] of fieldsIn(body)) {
      if (/^(id|room)$|Id$/.test(key) && typeof value === 'string' && value !== '') ofTag.add(value)
    }
  }
  return ids
}

function* fieldsIn(value: unknown): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    yield [key, part]
    yield* fieldsIn(part)
  }
}

/** What changes by looking, or as time goes by. */
const passing = new Set(['lastSeenAt', 'exportedAt', 'seconds', 'next', 'accessExpiresAt', 'updatedAt'])

/** Each thing that is somebody's, as they see it, without what passes. */
async function belongings(somebody: Person): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  const keep = (name: string, value: unknown): void => {
    all.set(
      name,
      JSON.stringify(value, (key, inner: unknown) => (passing.has(key) ? undefined : inner)),
    )
  }
  for (const [operation, body] of await lists(somebody)) {
    // The export holds what the others hold, and what is made by trying.
    if (operation.id === 'exportAccount') continue
    if (!Array.isArray(body.items)) {
      keep(operation.id, body)
      continue
    }
    const ofOne = operations.filter(
      ({ method, path }) => method === 'GET' && path.startsWith(`${operation.path}/{`),
    )
    for (const item of body.items as { id?: string }[]) {
      keep(`${operation.id} ${item.id}`, item)
      for (const one of ofOne.filter((other) => !isPublic(other))) {
        const { status, body: answer } = await somebody.client.get(one.path.replace(/\{\w+\}/, item.id!))
        keep(`${one.id} ${item.id}`, [status, answer])
      }
    }
  }
  return all
}

/** What kind of thing an id is of: `acc_`, `meeting:`. Those of sessions have no mark. */
function kindOf(id: string): string {
  return /^([a-z]+[_:]|room-)|@/.exec(id)?.[0] ?? ''
}

/** Ids that go where `example` stands: those of its kind, and one of each other. */
function idsFor(example: string, ids: readonly string[]): string[] {
  const firsts = Map.groupBy(ids, kindOf)
  return ids.filter((id) => kindOf(id) === kindOf(example) || firsts.get(kindOf(id))![0] === id)
}

/** Puts each kind of `foreign` ids wherever an id goes; those beside it are the `own` ones of who asks. */
function* withIds(
  operation: Operation,
  { foreign, own }: { foreign: readonly string[]; own: readonly string[] },
): Generator<{ path: string; body: unknown }> {
  const inPath = operation.parameters
    .filter(({ in: place }) => place === 'path')
    .map(({ name, schema }) => ({ name, example: String(exampleOf(schema as never)) }))
  const example = operation.body && (exampleOf(operation.body as never) as Record<string, unknown>)
  const pathWith = (choose: (name: string, example: string) => string): string =>
    inPath.reduce(
      (path, { name, example: usual }) => path.replace(`{${name}}`, encodeURIComponent(choose(name, usual))),
      operation.path,
    )
  const kin = (usual: string, ids: readonly string[]): string =>
    (kindOf(usual) === '' ? undefined : ids.find((id) => kindOf(id) === kindOf(usual))) ?? usual
  for (const { name, example: usual } of inPath) {
    for (const id of idsFor(usual, foreign)) {
      const path = pathWith((other, its) => (other === name ? id : kin(its, own)))
      // Without what only backends may say, and with as little as is allowed.
      yield { path, body: operation.body && minimal(operation.body) }
      if (operation.body && kindOf(id) === kindOf(usual)) yield { path, body: example }
    }
  }
  // A thing with what is really in it.
  if (inPath.length > 1) {
    yield { path: pathWith((_name, usual) => kin(usual, foreign)), body: example }
  }
  const examplePath = pathWith((_name, usual) => usual)
  for (const key of Object.keys(example ?? {}).filter((name) => /Id$/.test(name))) {
    for (const id of idsFor(String(example![key]), foreign)) {
      yield { path: examplePath, body: { ...minimal(operation.body!), [key]: id } }
    }
  }
  for (const { name, in: place, schema } of operation.parameters) {
    if (place !== 'query' || !/Id$|^(actor|target|room|of)$/.test(name)) continue
    for (const id of idsFor(String(exampleOf(schema as never)), foreign)) {
      yield { path: `${examplePath}?${name}=${encodeURIComponent(id)}`, body: example }
    }
  }
}

function minimal(schema: NonNullable<Operation['body']>): Record<string, unknown> {
  const { properties = {}, required = [] } = schema
  return Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] as never)]))
}

/** Endpoints of the own account and session: they concern whoever asks, and would end who asks here. */
const ofOneself = /^\/(auth|account)(\/|$)/

/** Requests that are under way at once. */
const atOnce = 16

async function tryAll(
  by: Person & Pick<Owner, 'ids'>,
  of: Owner,
): Promise<{ tried: number; trespasses: string[] }> {
  const all = (ids: Owner['ids']) => [...new Set([...ids.values()].flatMap((some) => [...some]))]
  const ids = { foreign: all(of.ids), own: all(by.ids) }
  const requests = operations
    .filter((operation) => !isPublic(operation) && (hasIds(operation) || !ofOneself.test(operation.path)))
    .flatMap((operation) => [...withIds(operation, ids)].map((request) => ({ operation, ...request })))
  const trespasses: string[] = []
  const waiting = requests.values()
  const goOn = async () => {
    for (const { operation, path, body } of waiting) {
      const answer = await by.client.call(operation.method, path, body === undefined ? {} : { body })
      const text = JSON.stringify(answer.body ?? '')
      const where = `${operation.method} ${path}: ${answer.status} ${text.slice(0, 200)}`
      if (answer.status >= 500) trespasses.push(`fails: ${where}`)
      if (text.includes(of.mark)) trespasses.push(`shows: ${where}`)
      // Deleting what is not there is done at once; whether something went is seen afterwards.
      if (answer.status < 300 && hasIds(operation) && operation.method !== 'DELETE') {
        trespasses.push(`does: ${where}`)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, goOn))
  return { tried: requests.length, trespasses }
}

test('nobody reads, changes or ends what is somebody else’s, whichever id they put wherever', async (t) => {
  const [ana, ben] = [await owner('quail'), await owner('heron')]
  const somebody = await person(server, { role: 'member' })
  const stranger = { ...somebody, ids: await idsOf(somebody) }

  // Those to whom it belongs can use each kind of id: a test of refusals alone would prove nothing.
  for (const [tag, one] of [
    ['Meetings', 'getMeeting'],
    ['Calls', 'getCall'],
    ['Recordings', 'getRecording'],
  ] as const) {
    const operation = operations.find(({ id }) => id === one)!
    const ids = [...ana.ids.get(tag)!].filter((id) => /^(mtg|call|rec)_/.test(id))
    assert.ok(ids.length > 0, tag)
    for (const id of ids) {
      const { status } = await ana.client.get(operation.path.replace(/\{\w+\}/, id))
      assert.equal(status, 200, `${one} ${id}`)
    }
  }

  const before = [await belongings(ana), await belongings(ben)]
  for (const things of before) assert.ok(things.size > 10, [...things.keys()].join(', '))
  let count = 0
  for (const [by, of] of [
    [ben, ana],
    [stranger, ana],
  ] as const) {
    const { tried, trespasses } = await tryAll(by, of)
    count += tried
    assert.deepEqual(trespasses, [])
  }
  t.diagnostic(`${count} requests`)
  // What was made by trying belongs to whoever tried; what was there is as it was.
  const after = [await belongings(ana), await belongings(ben)]
  for (const [index, things] of before.entries()) {
    for (const [name, thing] of things) assert.equal(after[index]!.get(name), thing, name)
  }
})
