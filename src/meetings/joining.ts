import type { Config } from '../../config/schema.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { randomId, Secret } from '../lib/ids.ts'
import { Rate } from '../lib/rate.ts'
import { guestGrants, type GrantsInput } from '../protocol/grants.ts'
import type { Caller } from '../protocol/caller.ts'
import type { RecordPolicy } from '../protocol/recording.ts'
import { readCode } from './codes.ts'
import { assertGoesOn, assertOpen, notFound, opensAtOf } from './meetings.ts'
import { isInvited } from './invitees.store.ts'
import { findMeetingByCode, type LiveMeetingRow } from './meetings.store.ts'
import { findPeople } from './people.store.ts'
import { roomOf } from './rooms.ts'
import type { MeetingSummary } from './shapes.ts'
import { hostNameOf, isHostOf, moments, passcodeOf } from './views.ts'

export interface JoiningOptions {
  readonly db: Db
  readonly config: Pick<Config, 'meetings' | 'limits'>
  readonly box: SecretBox
  readonly apiKeys: ApiKeys
}

/** What somebody enters a room with. */
export interface EntryTicket {
  readonly token: string
  readonly room: string
  readonly url: '/ws'
  readonly identity: string
  readonly name: string
  readonly role: 'host' | 'participant'
  readonly expiresAt: string
}

/** Wrong passcodes of one address at one meeting: so many at once, then one in so many seconds. */
const passcodeTries = 10
const passcodeSeconds = 60
/** Tries that are remembered before those that owe nothing are forgotten. */
const sweepAbove = 10_000

const guestPrefix = 'guest_'

/** Whether an identity in a token of this server is one that a guest got for the asking. */
export function isGuestIdentity(identity: string): boolean {
  return identity.startsWith(guestPrefix)
}

/** Rights of whoever moderates a meeting. */
function hostGrants(record: RecordPolicy): GrantsInput {
  return { ...guestGrants, moderate: true, record: record !== 'never', bypassLobby: true }
}

/** How people get into meetings: by code, with or without an account. */
export class Joining {
  readonly #options: JoiningOptions
  readonly #tries = new Map<string, Rate>()

  constructor(options: JoiningOptions) {
    this.#options = options
  }

  /** Throws `not-found`. */
  async summary(code: string, now: Date): Promise<MeetingSummary> {
    return this.#summary(await this.#find(code), now)
  }

  /**
   * A room token. Throws `not-found`, `forbidden` (`data.why`: `passcode-needed`, `wrong-passcode`), `conflict` (`ended`,
   * `cancelled`, `too-early`), `rate-limited` after too many wrong passcodes.
   */
  async join(
    code: string,
    options: {
      readonly caller: Caller
      readonly name: string | undefined
      readonly passcode: string | undefined
      readonly guestToken: string | undefined
      /** What wrong passcodes are counted by. */
      readonly address: string
      readonly now: Date
    },
  ): Promise<EntryTicket & { guestToken?: string; meeting: MeetingSummary }> {
    const { caller, passcode, guestToken, address, now } = options
    const { db, config } = this.#options
    const row = await this.#find(code)
    assertGoesOn(row)
    const isHost = caller.kind === 'account' && isHostOf(caller, row)
    const isTrusted =
      isHost ||
      caller.kind === 'api-key' ||
      (caller.kind === 'account' && (await isInvited(db, { meetingId: row.id, email: caller.email })))
    if (!isTrusted) this.#checkPasscode(row, passcode, { address, now })
    if (!isHost) assertOpen(row, { now, config })

    const meeting = await this.#summary(row, now)
    if (caller.kind === 'account') {
      const { accountId, name } = caller
      const record = row.record as RecordPolicy
      const ticket = await this.#ticket(row.id, { identity: accountId, name, accountId, isHost, record, now })
      return { ...ticket, meeting }
    }
    const name = this.#nameOf(options.name)
    const identity = this.#guestOf(row.id, guestToken) ?? `${guestPrefix}${randomId()}`
    const ticket = await this.#ticket(row.id, { identity, name, accountId: undefined, isHost: false, now })
    return { ...ticket, guestToken: this.#guestToken(row.id, identity), meeting }
  }

  /** A room token for somebody with an account, for a meeting or call that they were found to belong to. */
  enter(
    id: string,
    options: { accountId: string; name: string; isHost: boolean; now: Date },
  ): Promise<EntryTicket> {
    return this.#ticket(id, { ...options, identity: options.accountId })
  }

  async #ticket(
    id: string,
    options: {
      identity: string
      name: string
      accountId: string | undefined
      isHost: boolean
      record?: RecordPolicy
      now: Date
    },
  ): Promise<EntryTicket> {
    const { identity, accountId, isHost, record = 'hosts', now } = options
    const { config, apiKeys } = this.#options
    const name = options.name.trim().slice(0, config.limits.nameLength)
    const role = isHost ? 'host' : 'participant'
    const room = roomOf(id)
    const { token, expiresAt } = await apiKeys.issueToken({
      identity,
      room,
      name,
      metadata: { role, ...(accountId === undefined ? {} : { accountId }) },
      grants: isHost ? hostGrants(record) : guestGrants,
      now,
      lifeSeconds: config.meetings.maxHours * 3600,
    })
    return { token, room, url: '/ws', identity, name, role, expiresAt: expiresAt.toISOString() }
  }

  async #find(typed: string): Promise<LiveMeetingRow> {
    const code = readCode(typed)
    const row = code === undefined ? undefined : await findMeetingByCode(this.#options.db, code)
    if (!row) throw notFound()
    return row
  }

  async #summary(row: LiveMeetingRow, now: Date): Promise<MeetingSummary> {
    const { db, config } = this.#options
    const hosts = await findPeople(db, row.host_id === null ? [] : [row.host_id])
    return {
      code: row.code!,
      title: row.title,
      hostName: hostNameOf(row, hosts),
      ...moments({
        startsAt: row.next_start ?? row.starts_at,
        endsAt: row.next_end ?? row.ends_at,
        opensAt: opensAtOf(row, { now, config }),
      }),
      timeZone: row.time_zone,
      ...(row.recurrence === null ? {} : { recurrence: row.recurrence }),
      status: row.status as MeetingSummary['status'],
      hasPasscode: row.passcode !== null,
      lobby: row.lobby,
      joinBeforeHost: row.join_before_host,
      record: row.record as RecordPolicy,
      active: row.active,
    }
  }

  #checkPasscode(
    row: LiveMeetingRow,
    passcode: string | undefined,
    { address, now }: { address: string; now: Date },
  ): void {
    const known = passcodeOf(row, this.#options.box)
    if (known === undefined) return
    if (passcode === undefined) {
      throw new AppError('forbidden', 'This meeting has a passcode.', { why: 'passcode-needed' })
    }
    const nowMs = now.getTime()
    const tries = this.#triesOf(`${row.id} ${address}`, nowMs)
    // Right ones count too: whoever was refused must not learn that by going on.
    if (!tries.take(nowMs)) {
      throw new AppError('rate-limited', 'Too many passcodes. Try again in a minute.', {
        max: passcodeTries,
        seconds: passcodeSeconds,
      })
    }
    if (known.equals(passcode)) this.#tries.delete(`${row.id} ${address}`)
    else throw new AppError('forbidden', 'The passcode is another one.', { why: 'wrong-passcode' })
  }

  #triesOf(key: string, nowMs: number): Rate {
    if (this.#tries.size > sweepAbove) {
      for (const [other, rate] of this.#tries) if (rate.isFull(nowMs)) this.#tries.delete(other)
    }
    const known = this.#tries.get(key)
    if (known) return known
    const rate = new Rate({ perSecond: 1 / passcodeSeconds, burst: passcodeTries, nowMs })
    this.#tries.set(key, rate)
    return rate
  }

  #nameOf(given: string | undefined): string {
    const name = given?.trim() ?? ''
    if (/[^\p{C}\p{Z}\p{M}]/u.test(name)) return name
    throw new AppError('bad-request', 'Who joins without an account says a name.', { path: 'body.name' })
  }

  /** Proves to be the same guest of this meeting. Nobody else can make one. */
  #guestToken(meetingId: string, identity: string): string {
    const sealed = this.#options.box.seal(new Secret(identity), contextOf(meetingId))
    return Buffer.from(sealed).toString('base64url')
  }

  #guestOf(meetingId: string, token: string | undefined): string | undefined {
    if (token === undefined) return undefined
    try {
      return this.#options.box.open(Buffer.from(token, 'base64url'), contextOf(meetingId)).reveal()
    } catch {
      // From another meeting, or made up: they are somebody new.
      return undefined
    }
  }
}

function contextOf(meetingId: string): string {
  return `meeting-guest:${meetingId}`
}
