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
}

export interface ChatMessage {
  readonly id: string
  readonly from: string
  readonly name: string
  readonly local: boolean
  readonly text: string
  readonly at: number
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
  | { readonly at: 'reconnecting' }
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
}

export type CallEvent =
  | { readonly type: 'joined'; readonly name: string }
  | { readonly type: 'left'; readonly name: string }
  | { readonly type: 'problem'; readonly text: string }
  | { readonly type: 'note'; readonly text: string }

export interface Call {
  subscribe(listener: () => void): () => void
  state(): CallState
  onEvent(listener: (event: CallEvent) => void): () => void
  setMicrophone(on: boolean): void
  setCamera(on: boolean): void
  setScreen(on: boolean): void
  sendChat(text: string): void
  useDevice(kind: DeviceKind, deviceId: string): Promise<void>
  deviceInUse(kind: DeviceKind): string | undefined
  /** From a click: lets the browser play sound. */
  startAudio(): void
  leave(): void
}
