import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { person } from './support/accounts.ts'
import {
  complaintAbout,
  isKin,
  readOperations,
  valuesFor,
  type Making,
  type Operation,
} from './support/operations.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { keepRecording } from './support/kept-recording.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'

/** How long requests are made up, in milliseconds; each endpoint gets one round from everybody, however slow. */
const timeMs = 20_000
const atOnce = 6
/** Longest list of ids that are still remembered, per kind of thing. */
const remembered = 30

const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000_000)

let server: TestServer
let postgres: TestPostgres
before(async () => {
  // Where requests really happen at the same time: the embedded database takes one after the other.
  postgres = await startPostgres()
  server = await startServer({
    DATABASE_URL: await postgres.createDatabase(),
    // Each request comes from an address of its own, so that limits do not hide what is behind them.
    SLUICE_HTTP_TRUST_PROXY: 'true',
    SLUICE_LIMITS_REQUESTS_PER_MINUTE_PER_CALLER: '1000000',
    SLUICE_LIMITS_ROOMS: '20',
  })
})
after(async () => {
  await server.close()
  await postgres.close()
})

interface Somebody {
  readonly name: string
  authorization(): Promise<string | undefined>
  /** Their log-in was refused: the next one gets another. */
  loggedOut(): void
}

/** Logs in when it must: some of what is tried ends sessions. */
async function somebody(role: 'admin' | 'host' | 'member'): Promise<Somebody & { id: string }> {
  const email = `${role}@fuzz.example.org`
  const { id, client } = await person(server, { role, email })
  let authorization = client.authorization
  const { accounts } = await server.app.services()
  return {
    id,
    name: role,
    loggedOut: () => (authorization = undefined),
    authorization: async () => {
      if (authorization === undefined) {
        const from = { address: '127.0.0.1', userAgent: 'test' }
        const password = 'correct horse battery'
        const { tokens } = await accounts.logIn.logIn({ email, password }, from, new Date())
        authorization = `Bearer ${tokens.accessToken}`
      }
      return authorization
    },
  }
}

interface Request {
  readonly path: string
  readonly body: string | undefined
  readonly headers: Record<string, string>
}

/** Requests to one operation: what fits, what nearly fits and what does not at all. */
function requestsTo(
  operation: Operation,
  known: ReadonlyMap<string, readonly string[]>,
  ways: readonly Making['how'][],
): fc.Arbitrary<Request> {
  const all = [...known.values()].flat()
  return fc.constantFrom(...ways).chain((how) => {
    const making = { how, known: all }
    const wild = how === 'wild'
    const values = fc.record(
      Object.fromEntries(
        operation.parameters.map(({ name, in: place, required, schema }) => {
          const kin = all.filter((text) => isKin(text, schema.examples?.[0]))
          const ofKind = kin.length > 0 ? kin : (known.get(operation.tag) ?? [])
          const value = valuesFor(schema, making)
          const meant =
            place === 'path' && ofKind.length > 0
              ? fc.oneof(
                  { weight: how === 'meant' ? 12 : 3, arbitrary: fc.constantFrom(...ofKind) },
                  { weight: 1, arbitrary: value },
                )
              : value
          return [name, required ? meant : fc.option(meant, { nil: undefined, freq: 1 })]
        }),
      ),
    )
    const body: fc.Arbitrary<string | undefined> = operation.body
      ? fc.oneof(
          { weight: 12, arbitrary: valuesFor(operation.body, making).map((value) => JSON.stringify(value)) },
          { weight: wild ? 1 : 0, arbitrary: fc.constantFrom('', '{', 'null', '"x"', '[1', undefined) },
        )
      : fc.constant(undefined)
    const type = fc.constantFrom(
      ...(wild ? ['application/json', 'application/json', 'text/plain', 'x'] : ['application/json']),
    )
    return fc.tuple(values, body, type).map(([parameters, text, contentType]) => ({
      path: fill(operation, parameters),
      body: text,
      headers: {
        ...(text === undefined ? {} : { 'content-type': contentType }),
        ...ifMatch(parameters['If-Match']),
      },
    }))
  })
}

/** The path with everything in it that belongs there. */
function fill(operation: Operation, values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  let { path } = operation
  for (const { name, in: place } of operation.parameters) {
    const value = values[name]
    if (place === 'path') path = path.replace(`{${name}}`, () => encodeURIComponent(textOf(value)) || '%20')
    if (place === 'query' && value !== undefined) query.append(name, textOf(value))
  }
  return query.size > 0 ? `${path}?${query}` : path
}

function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed()
}

function ifMatch(value: unknown): Record<string, string> {
  const text = value === undefined ? '' : textOf(value).replace(/[^\x20-\x7e]/g, '')
  return text === '' ? {} : { 'if-match': text }
}

/** What programs would keep of an answer, to ask about it: ids, names, codes. */
function* namesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    if (typeof part === 'string' && /^(id|code|room|identity)$|Id$/.test(key) && part !== '') yield part
    else yield* namesIn(part)
  }
}

test('whatever is sent to an endpoint, by whomever, it answers as documented and never fails', async (t) => {
  t.diagnostic(`SLUICE_TEST_SEED=${seed}`)
  const operations = await readOperations(server.url)
  const key = await (await server.app.apiKeys()).add({ name: 'fuzz', now: new Date() })
  const basic = `Basic ${Buffer.from(`${key.id}:${key.secret.reveal()}`).toString('base64')}`
  const people = await Promise.all((['member', 'host', 'admin'] as const).map(somebody))
  const callers: readonly Somebody[] = [
    { name: 'nobody', authorization: async () => undefined, loggedOut: () => undefined },
    ...people,
    { name: 'key', authorization: async () => basic, loggedOut: () => undefined },
  ]
  // Those who ask must stay who they are.
  const kept = new Set([key.id, ...people.map(({ id }) => id)])
  const known = new Map<string, string[]>()
  const learn = (tag: string, text: string): void => {
    if (text === '') return
    for (const name of namesIn(JSON.parse(text))) {
      const names = known.get(tag) ?? []
      if (kept.has(name) || names.includes(name)) continue
      known.set(tag, [...names.slice(1 - remembered), name])
    }
  }

  const complaints = new Set<string>()
  const statuses = new Map<string, number>()
  let address = 0
  const ask = async (operation: Operation, caller: Somebody, request: Request): Promise<void> => {
    const authorization = await caller.authorization()
    address++
    const response = await fetch(`${server.url}/api/v1${request.path}`, {
      method: operation.method,
      redirect: 'manual',
      headers: {
        ...request.headers,
        'x-forwarded-for': `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`,
        ...(authorization ? { authorization } : {}),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    const text = await response.text()
    const { status } = response
    if (status === 401) caller.loggedOut()
    // An empty part of a path is another address, or none.
    if (status === 404 && /There is nothing at/.test(text)) return
    const count = `${operation.id} ${status < 300 ? 'done' : 'refused'}`
    statuses.set(count, (statuses.get(count) ?? 0) + 1)
    const type = response.headers.get('content-type') ?? ''
    const complaint = complaintAbout(operation, { status, type, text })
    if (complaint !== undefined) {
      const what = `${operation.method} ${request.path} as ${caller.name}: ${complaint}`
      complaints.add(`${what}\n  sent ${request.body?.slice(0, 500)}\n  got ${status} ${text.slice(0, 300)}`)
    }
    if (status < 300 && /json/.test(type)) learn(operation.tag, text)
  }

  const [member, host, admin] = people
  const furnishRecordings = async (): Promise<void> => {
    const startedBy = { kind: 'account', id: host!.id, name: 'Host' } as const
    const participants = [{ identity: member!.id, name: 'Member', accountId: member!.id }]
    const { id, outputId, files } = await keepRecording(server, {
      room: 'furnished',
      startedBy,
      participants,
    })
    learn(
      'Recordings',
      JSON.stringify([{ id }, { id: outputId }, ...Object.values(files).map((file) => ({ id: file }))]),
    )
  }

  /** What there is to ask about: rooms with people in them, meetings, calls and recordings. */
  const furnish = async (): Promise<void> => {
    const post = async (caller: Somebody, path: string, body: object): Promise<void> => {
      const [method, tag] = path.startsWith('/rooms')
        ? ['PUT', 'Rooms']
        : ['POST', path.startsWith('/calls') ? 'Calls' : 'Meetings']
      const authorization = await caller.authorization()
      const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
      const response = await fetch(`${server.url}/api/v1${path}`, {
        method: method!,
        headers,
        body: JSON.stringify(body),
      })
      if (response.ok) learn(tag!, await response.text())
      else if (response.status === 401) caller.loggedOut()
    }
    const soon = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
    for (const caller of [host!, callers.at(-1)!]) {
      const invitees = [{ email: 'member@fuzz.example.org' }, { email: 'x@example.org' }]
      await post(caller, '/meetings', { title: 'Now', passcode: '2468', lobby: true })
      await post(caller, '/meetings', {
        title: 'Later',
        startsAt: soon(60),
        endsAt: soon(90),
        timeZone: 'Europe/Madrid',
        recurrence: 'FREQ=DAILY;COUNT=5',
        invitees,
      })
    }
    await furnishRecordings()
    await post(host!, '/calls', { type: 'audio', callees: [member!.id] })
    await post(admin!, '/calls', { type: 'video', callees: ['host@fuzz.example.org'] })
    for (const room of ['algebra-7b', 'furnished']) {
      await post(callers.at(-1)!, `/rooms/${room}`, { policy: { lobby: room === 'furnished' } })
      if (guests.some((guest) => guest.room === room && guest.client.closed === undefined)) continue
      const client = await SignalingClient.connect(server.url, {
        room,
        peerId: `guest-of-${room}`,
        headers: { 'x-forwarded-for': '10.255.255.1' },
      }).catch(() => undefined)
      if (client === undefined) continue
      guests.push({ room, client })
      // In the lobby that takes until somebody lets them in.
      void client.join({ name: 'Guest' }).catch(() => undefined)
    }
  }
  const guests: { room: string; client: SignalingClient }[] = []
  t.after(() => guests.forEach(({ client }) => client.socket.terminate()))
  learn(
    'Rooms',
    JSON.stringify(['algebra-7b', 'furnished'].flatMap((id) => [{ id }, { id: `guest-of-${id}` }])),
  )

  const deadline = performance.now() + timeMs
  let round = 0
  // What ends things comes last in each round, so that there is something to end.
  const order = operations.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
  while (round === 0 || performance.now() < deadline) {
    await furnish()
    const ways = round === 0 ? (['meant'] as const) : (['meant', 'fitting', 'wild', 'wild'] as const)
    const turns = order.flatMap((operation, index) =>
      callers.map((caller, at) => ({ operation, index, caller, at })),
    )
    const lane = async (): Promise<void> => {
      for (let turn = turns.shift(); turn; turn = turns.shift()) {
        if (round > 0 && performance.now() > deadline) return
        const { operation, index, caller, at } = turn
        const seedOfTurn = seed + (round * operations.length + index) * callers.length + at
        const [request] = fc.sample(requestsTo(operation, known, ways), { numRuns: 1, seed: seedOfTurn })
        await ask(operation, caller, request!)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    round++
  }

  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  t.diagnostic(`${total} requests in ${round} rounds to ${operations.length} endpoints`)
  assert.equal(complaints.size, 0, `SLUICE_TEST_SEED=${seed}\n${[...complaints].slice(0, 20).join('\n')}`)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
  // A test of refusals alone would prove little.
  const undone = operations.filter(({ id }) => !statuses.has(`${id} done`)).map(({ id }) => id)
  t.diagnostic(`never done: ${undone.join(', ')}`)
  assert.ok(undone.length < operations.length / 2, `never done: ${undone.join(', ')}`)
})
