import type { Obstacle, RecordingHealth, RoomPolicy, WaitReason } from 'sluice-client'

/**
 * What the room page shows, as values, and what it can ask for. The page is a function of `CallState`; `sdk-call.ts` makes it
 * from the SDK's Room, `fixtures/fake-call.ts` from nothing.
 */

export type Quality = 'excellent' | 'good' | 'poor' | 'lost' | 'unknown'
export type PictureSource = 'camera' | 'screen'
export type DeviceKind = 'audioinput' | 'videoinput' | 'audiooutput'

/** A track with a picture. `attach` shows it in the element and returns how to stop. */
export interface Picture {
  readonly id: string
  readonly source: PictureSource
  readonly mirrored: boolean
  attach(element: HTMLVideoElement): () => void
}

export interface Person {
  readonly id: string
  readonly name: string
  readonly local: boolean
  readonly camera: Picture | undefined
  readonly screen: Picture | undefined
  /** `none`: has no microphone here at all. */
  readonly microphone: 'on' | 'muted' | 'none'
  readonly quality: Quality
  /** Who may admit, mute, remove; people call it host, the server moderator. */
  readonly isHost: boolean
  /** The place among the raised hands, from 1. */
  readonly hand: number | undefined
}

/** Somebody at the door. */
export interface Knock {
  readonly id: string
  readonly name: string
  /** Milliseconds. */
  readonly since: number
}

export interface Banned {
  readonly id: string
  readonly name: string
}

export interface ChatMessage {
  readonly id: string
  readonly from: string
  readonly name: string
  readonly local: boolean
  readonly text: string
  readonly at: number
}

export type { RecordingHealth } from 'sluice-client'

/** The recording of this call that goes on. */
export interface CallRecording {
  readonly id: string
  readonly state: 'starting' | 'recording' | 'stopping'
  /** Milliseconds. */
  readonly since: number
  /** Who started it: their name, undefined when nobody in the call did. */
  readonly by: string | undefined
  readonly isOwn: boolean
  /** What people are to be told. */
  readonly notice: string
  /** Whether only those are recorded who agreed. */
  readonly asksConsent: boolean
  /** What the own person said; undefined: nothing yet. */
  readonly agreed: boolean | undefined
}

/** One of the own three switches. `busy` while the browser or server is asked. */
export interface Switch {
  readonly on: boolean
  readonly busy: boolean
}

export type EndReason =
  | 'left'
  | 'replaced'
  | 'denied'
  | 'removed'
  | 'banned'
  | 'ended'
  | 'room-closed'
  | 'room-locked'
  | 'room-full'
  | 'join-timeout'
  | 'too-many-errors'
  | 'not-allowed'
  | 'unreachable'
  | 'lost'
  | 'server-closing'
  | 'unknown'

export type Phase =
  | { readonly at: 'connecting' }
  | { readonly at: 'connected' }
  /** `waitsFor`: the connection is there again, and one has to be let in again. */
  | { readonly at: 'reconnecting'; readonly waitsFor?: WaitReason }
  | { readonly at: 'ended'; readonly why: EndReason; readonly detail?: string }

export interface CallState {
  readonly phase: Phase
  /** The own person first, the others in order of their coming. */
  readonly people: readonly Person[]
  readonly speaking: ReadonlySet<string>
  /** Who is or was last the loudest of the others. */
  readonly dominant: string | undefined
  /** When somebody was last heard, milliseconds. */
  readonly lastSpoke: ReadonlyMap<string, number>
  readonly messages: readonly ChatMessage[]
  readonly microphone: Switch
  readonly camera: Switch
  readonly screen: Switch
  readonly audioBlocked: boolean
  /** Whether the own person is host. */
  readonly isHost: boolean
  readonly policy: RoomPolicy
  /** What the own person may not turn on or do now, and why. */
  readonly blocked: Blocked
  /** Who waits at the door, longest first; hosts know it. */
  readonly lobby: readonly Knock[]
  /** Id of who is in the spotlight for everybody. */
  readonly spotlight: string | undefined
  readonly recording: CallRecording | undefined
  /** How it goes; hosts know it some seconds after it began. */
  readonly recordingHealth: RecordingHealth | undefined
  /** Whether the own person may start and end recordings. */
  readonly mayRecord: boolean
  /** Whether anything was recorded while one was in it. */
  readonly wasRecorded: boolean
}

export type Blocked = Readonly<Record<'microphone' | 'camera' | 'screen' | 'chat', Obstacle | undefined>>

export type CallEvent =
  | { readonly type: 'joined'; readonly name: string }
  | { readonly type: 'left'; readonly name: string }
  | { readonly type: 'problem'; readonly text: string }
  /** `lasting`: it concerns what the own person sends, and stays longer. */
  | { readonly type: 'note'; readonly text: string; readonly lasting?: boolean }
  | { readonly type: 'knock'; readonly who: Knock }
  | { readonly type: 'asked'; readonly by: string | undefined; readonly what: Askable }

/** What somebody can be asked to turn on. */
export type Askable = 'microphone' | 'camera' | 'screen'

/** What hosts do. What goes wrong is told as a `problem`. Each function can be passed on by itself. */
export interface HostActions {
  readonly admit: (id: string) => void
  readonly admitAll: () => void
  readonly deny: (id: string) => void
  readonly mute: (id: string) => void
  readonly muteAll: () => void
  readonly askFor: (id: string, what: Askable) => void
  readonly stop: (id: string, source: PictureSource) => void
  readonly lowerHand: (id: string) => void
  readonly lowerAllHands: () => void
  readonly spotlight: (id: string | undefined) => void
  readonly setHost: (id: string, isHost: boolean) => void
  readonly handOver: (id: string) => void
  readonly remove: (id: string, message: string) => void
  readonly ban: (id: string, message: string) => void
  readonly banned: () => Promise<readonly Banned[]>
  /** Resolves when it is done, or was told as a problem. */
  readonly unban: (banId: string) => Promise<void>
  /** Resolves when it is done, or was told as a problem. */
  readonly setPolicy: (change: Partial<RoomPolicy>) => Promise<void>
  readonly endForAll: () => void
}

export interface Call {
  readonly host: HostActions
  subscribe(listener: () => void): () => void
  state(): CallState
  onEvent(listener: (event: CallEvent) => void): () => void
  setMicrophone(on: boolean): void
  setCamera(on: boolean): void
  setScreen(on: boolean): void
  raiseHand(up: boolean): void
  sendChat(text: string): void
  useDevice(kind: DeviceKind, deviceId: string): Promise<void>
  deviceInUse(kind: DeviceKind): string | undefined
  /** Resolves to why not, in words; undefined: it begins. Whoever starts it agrees to being recorded, too. */
  startRecording(): Promise<string | undefined>
  /** Resolves to why not, in words; undefined: it ends. */
  stopRecording(): Promise<string | undefined>
  consentToRecording(agrees: boolean): void
  /** From a click: lets the browser play sound. */
  startAudio(): void
  leave(): void
}
