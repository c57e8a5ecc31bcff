/** What the REST API answers; types.test.ts compares these with docs/openapi.json. */

export type Role = 'admin' | 'host' | 'member'

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it as `cursor` to get what follows. */
  readonly next?: string
}

export interface ServerInfo {
  readonly version: string
  readonly mode: 'development' | 'production'
  /** Rooms are open to people without an account or token. */
  readonly guests: boolean
  readonly accounts: {
    readonly enabled: boolean
    readonly registration: 'open' | 'invited' | 'closed'
    readonly passwords: boolean
    readonly external?: { readonly name: string; readonly startUrl: string }
    readonly setUpNeeded: boolean
    /** Who registers has to open a mail first. */
    readonly verifyEmail: boolean
  }
  /** Whether it sends mails, or keeps them for reading. */
  readonly mails: boolean
  /** Where the mails of a development server are shown. */
  readonly keptMails?: string
  readonly passwordMinLength: number
}

export interface AccountSettings {
  readonly timeZone?: string
  readonly language?: string
  readonly mailInvitations?: boolean
}

export interface Account {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly consentAt?: string
  readonly secondFactor: boolean
  readonly hasPassword: boolean
  readonly disabled: boolean
  readonly settings: AccountSettings
  readonly version: number
}

export interface SessionAnswer {
  readonly account: Account
  readonly accessExpiresAt: string
  readonly refreshExpiresAt: string
}

export interface AccountSession {
  readonly id: string
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly address: string
  readonly userAgent: string
  readonly current: boolean
}

export interface SecondFactorStart {
  readonly secret: string
  readonly uri: string
  readonly qrSvg: string
}

export interface RecoveryCodes {
  readonly recoveryCodes: readonly string[]
}

export interface NewUser {
  readonly account: Account
  readonly setPasswordUrl?: string
}

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly lastUsedAt?: string
  readonly revokedAt?: string
}

export interface NewApiKey extends ApiKey {
  readonly secret: string
}

export type Source = 'microphone' | 'camera' | 'screen' | 'screen-audio' | 'other'

export interface LiveRoom {
  readonly roomId: string
  readonly createdAt: string
  readonly peerCount: number
  readonly maxPeers: number
  readonly policy: { readonly locked: boolean; readonly lobby: boolean }
  /** In the lobby. */
  readonly waiting: number
  /** Of a meeting, its title too. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly version: number
}

export interface LiveTrack {
  readonly producerId: string
  readonly kind: 'audio' | 'video'
  readonly source: Source
  readonly paused: boolean
}

export interface LiveParticipant {
  readonly peerId: string
  readonly displayName: string
  /** Came with a token, so that `peerId` is who they are. */
  readonly proven: boolean
  readonly joinedAt: string
  readonly device: { readonly flag?: string; readonly name?: string; readonly version?: string }
  readonly grants: { readonly moderate: boolean; readonly hidden: boolean }
  readonly handRaisedAt?: string
  readonly tracks: readonly LiveTrack[]
}

export interface AuditEntry {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly actor: { readonly kind: string; readonly id?: string }
  readonly target?: { readonly kind: string; readonly id: string }
  readonly address?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export type MeetingRecord = 'never' | 'hosts' | 'always'
export type MeetingStatus = 'scheduled' | 'live' | 'ended' | 'cancelled'

export interface Invitee {
  /** Hosts see all, others their own alone. */
  readonly email?: string
  readonly name?: string
  readonly status: 'invited' | 'accepted' | 'declined'
  /** Whether they were in it. Only of one meeting, for hosts. */
  readonly joined?: boolean
}

export interface Meeting {
  readonly id: string
  readonly code: string
  readonly url: string
  readonly title: string
  readonly description: string
  readonly hostId?: string
  readonly hostName: string
  readonly startsAt?: string
  readonly endsAt?: string
  readonly timeZone: string
  /** RRULE text of RFC 5545. */
  readonly recurrence?: string
  readonly nextStart?: string
  readonly nextEnd?: string
  /** When it last took place, or was over. */
  readonly pastAt?: string
  readonly hasPasscode: boolean
  /** Hosts only. */
  readonly passcode?: string
  readonly lobby: boolean
  readonly joinBeforeHost: boolean
  readonly maxParticipants?: number
  readonly invitees: readonly Invitee[]
  readonly status: MeetingStatus
  /** People in it now. */
  readonly active: number
  /** Whether it is being recorded now. */
  readonly recording: boolean
  /** Who starts a recording of it, if anybody. */
  readonly record: MeetingRecord
  readonly room: string
  readonly createdAt: string
  readonly role: 'host' | 'invitee'
  readonly version: number
}

export interface MeetingByCode {
  readonly code: string
  readonly title: string
  readonly hostName: string
  readonly startsAt?: string
  readonly endsAt?: string
  /** From when participants may enter, if they may not yet. */
  readonly opensAt?: string
  readonly timeZone: string
  readonly recurrence?: string
  readonly status: MeetingStatus
  readonly hasPasscode: boolean
  readonly lobby: boolean
  readonly joinBeforeHost: boolean
  readonly record: MeetingRecord
  readonly active: number
}

export interface MeetingJoin {
  readonly token: string
  readonly room: string
  readonly url: string
  readonly name: string
  readonly role: 'host' | 'participant'
  readonly meeting: MeetingByCode
  readonly expiresAt: string
  /** For guests, to be the same person when they join again. */
  readonly guestToken?: string
}

export interface Occurrence {
  readonly start: string
  readonly end: string
}

export interface Attendance {
  readonly identity: string
  readonly accountId?: string
  readonly name: string
  readonly joinedAt: string
  readonly leftAt?: string
  readonly seconds: number
  readonly visits: number
}

export interface AttendanceSession {
  readonly id: string
  readonly startedAt: string
  readonly endedAt?: string
  readonly endReason?: string
  readonly attendances: readonly Attendance[]
}

export interface Call {
  readonly id: string
  readonly type: 'audio' | 'video' | 'screen'
  readonly status: 'waiting' | 'active' | 'ended' | 'cancelled' | 'failed'
  /** What who asks is in it. */
  readonly role: 'caller' | 'callee' | 'other'
  /** Without an id when the account is gone. */
  readonly caller: { readonly id?: string; readonly name: string }
  readonly callees: readonly {
    readonly id: string
    readonly name: string
    readonly status: 'ringing' | 'joined' | 'declined' | 'missed'
  }[]
  readonly startedAt: string
  readonly ringsUntil: string
  readonly answeredAt?: string
  readonly endedAt?: string
  readonly seconds?: number
  readonly endReason?: string
  readonly room: string
}

export type RecordingState = 'recording' | 'processing' | 'ready' | 'failed' | 'deleting'
export type RecordingEndReason =
  | 'stopped'
  | 'room-closed'
  | 'disk-full'
  | 'disk-error'
  | 'server-gone'
  | 'recorder-died'
  | 'empty'
  | 'too-long'
export type RecordingLayout = 'grid' | 'speaker' | 'screen'

export interface Failure {
  readonly code: string
  readonly message: string
}

export interface RecordedPerson {
  readonly name: string
  /** Of their tile, and of the marks of when they spoke. */
  readonly color: string
  /** When they spoke: from, to, in milliseconds of the recording. */
  readonly speech: readonly (readonly [number, number])[]
}

export interface RecordedParticipant extends RecordedPerson {
  readonly identity: string
  readonly accountId?: string
}

export interface RecordingUpload {
  readonly state: 'local' | 'uploading' | 'waiting' | 'stored'
  readonly bytes: number
  readonly totalBytes: number
  readonly error?: string
  readonly nextTryAt?: string
}

export interface RecordingFile {
  readonly id: string
  readonly kind: 'video' | 'audio' | 'poster' | 'preview' | 'preview-index' | 'track' | 'manifest'
  /** What it is called when it is downloaded. */
  readonly name: string
  readonly contentType: string
  readonly bytes: number
  readonly durationMs?: number
  readonly width?: number
  readonly height?: number
  /** `?download=1` to save it. */
  readonly url: string
}

export interface RecordingOutput {
  readonly id: string
  readonly kind: 'video' | 'audio'
  readonly layout?: RecordingLayout
  readonly size?: string
  readonly names?: boolean
  readonly state: 'queued' | 'running' | 'ready' | 'failed'
  /** 0 to 1. */
  readonly progress: number
  readonly attempts: number
  readonly error?: Failure
  readonly createdAt: string
  readonly finishedAt?: string
  readonly files: readonly RecordingFile[]
}

export interface Recording {
  readonly id: string
  readonly title: string
  readonly room: string
  readonly meetingId?: string
  readonly state: RecordingState
  /** 0 to 1, while it is processing. */
  readonly progress: number
  readonly startedAt: string
  readonly startedBy: { readonly kind: string; readonly id?: string; readonly name?: string }
  readonly endedAt?: string
  readonly endReason?: RecordingEndReason
  readonly durationMs: number
  readonly bytes: number
  /** In lists only those who came first, and not when they spoke. */
  readonly participants: readonly RecordedParticipant[]
  readonly participantCount: number
  readonly error?: Failure
  readonly upload: RecordingUpload
  /** Newest first. */
  readonly outputs: readonly RecordingOutput[]
  readonly expiresAt?: string
  readonly role: 'manager' | 'viewer'
  readonly mayDownload: boolean
  readonly version: number
}

export interface RecordingTrack {
  readonly id: string
  /** Their identity. */
  readonly participant: string
  readonly name: string
  readonly source: string
  readonly codec: string
  readonly startMs: number
  readonly endMs?: number
  readonly packets: number
  readonly lostPackets: number
  readonly files: readonly Pick<RecordingFile, 'bytes'>[]
  /** The whole track as one file; left out where nothing was captured. */
  readonly url?: string
}

export interface RecordingShare {
  readonly id: string
  /** What people open. Told once, when it is made. */
  readonly url?: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly mayDownload: boolean
  readonly views: number
}

export interface SharedRecording {
  readonly title: string
  readonly startedAt: string
  readonly durationMs: number
  readonly participants: readonly RecordedPerson[]
  readonly files: readonly RecordingFile[]
  readonly mayDownload: boolean
  readonly expiresAt: string
}
