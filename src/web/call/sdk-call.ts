import {
  Room,
  type DisconnectReason,
  type LiveRecording,
  type LocalTrack,
  type Participant,
  type RemoteParticipant,
  type SluiceError,
  type Track,
  type WaitingPerson,
  type WaitReason,
} from 'sluice-client'
import { browserOf, describeProblem } from '../join/device-state.ts'
import { settings } from '../ui/settings.ts'
import type {
  Call,
  CallEvent,
  CallRecording,
  CallState,
  ChatMessage,
  DeviceKind,
  EndReason,
  HostActions,
  Knock,
  Person,
  Picture,
  Switch,
} from './call.ts'
import { longestMessage } from './chat-limits.ts'
import { describeMute, describePolicyChange, describeStop, startedMuted } from './happenings.ts'
import { describeEnd, describeRefusal, isBadEnd } from './recording-words.ts'
import { hostActions } from './sdk-host.ts'

/** The call over the SDK's Room. The only file of the room page that knows the SDK. */

export interface EnterOptions {
  readonly room: string
  readonly name: string
  /** A room token, asked for anew with each connection; left out, the one in the address of the page. */
  readonly token?: (() => Promise<string>) | undefined
  /** As host of a meeting, whose grants say all that its settings allow. */
  readonly isMeetingHost?: boolean
  /** Called when one has to be let in, again when the reason changes, and when one is. */
  readonly onWaiting: (why: WaitReason | 'admitted') => void
  /** Ends the attempt. */
  readonly signal: AbortSignal
  /** Called once the room is entered: the tracks of the preview become the room's, also those that come later. */
  readonly takeTracks: (receive: (track: LocalTrack) => void) => {
    readonly pending: readonly ('microphone' | 'camera')[]
    readonly settled: Promise<void>
  }
}

declare global {
  interface Window {
    /** The SDK's Room of the current call, for looking into a problem from the browser's console. */
    sluiceRoom?: Room
  }
}

const chatTopic = 'chat'

type SwitchName = 'microphone' | 'camera' | 'screen'

export async function enterRoom({
  onWaiting,
  signal,
  room: roomId,
  name,
  token: given,
  isMeetingHost = false,
  takeTracks,
}: EnterOptions): Promise<Call> {
  const { cameraId, microphoneId, speakerId } = settings()
  const room = new Room({
    videoCaptureDefaults: cameraId ? { deviceId: cameraId } : {},
    audioCaptureDefaults: microphoneId ? { deviceId: microphoneId } : {},
    dataTopics: [chatTopic],
  })
  window.sluiceRoom = room
  const call = new SdkCall(room, { isMeetingHost })
  const token = given ?? tokenOfAddress()
  const admitted = (state: Room['state']) => {
    if (state === 'connecting') onWaiting('admitted')
  }
  room.once('waiting', () => room.on('connectionStateChanged', admitted))
  room.on('waiting', onWaiting)
  const cancel = () => void room.disconnect()
  signal.addEventListener('abort', cancel)
  try {
    signal.throwIfAborted()
    await room.connect('', { room: roomId, name, ...(token === undefined ? {} : { token }) })
  } finally {
    signal.removeEventListener('abort', cancel)
    room.off('waiting', onWaiting).off('connectionStateChanged', admitted)
  }
  call.publishAll(takeTracks)
  if (speakerId) void room.switchActiveDevice('audiooutput', speakerId).catch(() => undefined)
  return call
}

/** A room token may come with the link; after `#` it stays out of the server's logs. */
function tokenOfAddress(): string | undefined {
  const hash = new URLSearchParams(location.hash.slice(1))
  const search = new URLSearchParams(location.search)
  return (
    hash.get('access_token') ||
    hash.get('token') ||
    search.get('access_token') ||
    search.get('token') ||
    undefined
  )
}

/** Older chat messages are forgotten, so that a flood of them fills no memory. */
const keptMessages = 500

const endings: Record<DisconnectReason, EndReason> = {
  left: 'left',
  replaced: 'replaced',
  denied: 'denied',
  removed: 'removed',
  banned: 'banned',
  ended: 'ended',
  'room-closed': 'room-closed',
  'join-timeout': 'join-timeout',
  'too-many-errors': 'too-many-errors',
  'slow-reader': 'lost',
  'connection-lost': 'lost',
  'media-lost': 'lost',
  'worker-died': 'lost',
  'server-closing': 'server-closing',
  refused: 'not-allowed',
}

/** Why the server did not have this client back. */
const refusals: Partial<Record<SluiceError['code'], EndReason>> = {
  'limit-exceeded': 'room-full',
  'room-locked': 'room-locked',
  banned: 'banned',
}

class SdkCall implements Call {
  readonly #room: Room
  readonly #listeners = new Set<() => void>()
  readonly #eventListeners = new Set<(event: CallEvent) => void>()
  readonly #pictures = new WeakMap<Track, Picture>()
  readonly #isMeetingHost: boolean
  readonly #people = new Map<string, Person>()
  readonly #lastSpoke = new Map<string, number>()
  #state: CallState
  #scheduled = false
  #nextMessage = 0
  #dominant: string | undefined
  #busy = { microphone: false, camera: false, screen: false }
  #messages: readonly ChatMessage[] = []
  #phase: CallState['phase'] = { at: 'connecting' }
  #policy: Room['policy']
  #wasRecorded = false
  #recording: CallRecording | undefined
  /** What the own person said to which recording. */
  #consent: { readonly to: string; readonly agrees: boolean } | undefined
  readonly host: HostActions

  constructor(room: Room, { isMeetingHost }: { isMeetingHost: boolean }) {
    this.#room = room
    this.#isMeetingHost = isMeetingHost
    this.#policy = room.policy
    this.host = hostActions(room, {
      problem: (error) => this.#problem(textOf(error)),
      note: (text) => this.#emit({ type: 'note', text }),
    })
    this.#state = this.#read()
    this.#listen()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  state(): CallState {
    return this.#state
  }

  onEvent(listener: (event: CallEvent) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  publishAll(takeTracks: EnterOptions['takeTracks']): void {
    const { pending, settled } = takeTracks((track) => this.#publish(track))
    for (const which of pending) void this.#switching(which, () => settled)
  }

  #publish(track: LocalTrack): void {
    const which = track.kind === 'video' ? 'camera' : 'microphone'
    const me = this.#room.localParticipant
    // Meanwhile the person may have left or switched it on by hand.
    if (this.#phase.at === 'ended' || me.getPublication(which)) return track.stop()
    if (this.#room.whyNot('publish', which)) return track.stop()
    void this.#switching(which, async () => {
      const { isMuted } = await me.publishTrack(track)
      if (isMuted) this.#emit({ type: 'note', text: startedMuted, lasting: true })
    })
  }

  setMicrophone(on: boolean): void {
    void this.#switching('microphone', () => this.#room.localParticipant.setMicrophoneEnabled(on))
  }

  setCamera(on: boolean): void {
    void this.#switching('camera', () => this.#room.localParticipant.setCameraEnabled(on))
  }

  setScreen(on: boolean): void {
    void this.#switching('screen', () =>
      this.#room.localParticipant.setScreenShareEnabled(on, { audio: true }),
    )
  }

  raiseHand(up: boolean): void {
    const me = this.#room.localParticipant
    const work = up ? me.raiseHand() : me.lowerHand()
    work.catch((error: unknown) => this.#problem(textOf(error)))
  }

  sendChat(text: string): void {
    const me = this.#room.localParticipant
    const message = this.#message(me.id, me.name, true, text.slice(0, longestMessage))
    this.#add(message)
    me.publishData(message.text, { topic: chatTopic }).catch((error: unknown) => {
      this.#messages = this.#messages.filter((each) => each !== message)
      this.#change()
      this.#problem(`Your message was not sent. ${textOf(error)}`)
    })
  }

  async useDevice(kind: DeviceKind, deviceId: string): Promise<void> {
    await this.#room.switchActiveDevice(kind, deviceId || 'default')
  }

  deviceInUse(kind: DeviceKind): string | undefined {
    return this.#room.getActiveDevice(kind)
  }

  async startRecording(): Promise<string | undefined> {
    try {
      const { recordingId, asksConsent, by } = await this.#room.startRecording()
      // Somebody else may have started it a moment before: then one is asked like everybody.
      if (asksConsent && by === this.#room.localParticipant.id) this.#sayConsent(recordingId, true)
      return undefined
    } catch (error) {
      return describeRefusal(error)
    }
  }

  async stopRecording(): Promise<string | undefined> {
    try {
      await this.#room.stopRecording()
      return undefined
    } catch (error) {
      return codeOf(error) === 'not-found' ? undefined : describeRefusal(error)
    }
  }

  consentToRecording(agrees: boolean): void {
    const { recording } = this.#room
    if (recording) this.#sayConsent(recording.recordingId, agrees)
  }

  #sayConsent(to: string, agrees: boolean): void {
    const before = this.#consent
    this.#consent = { to, agrees }
    this.#change()
    this.#room.consentToRecording(agrees).catch((error: unknown) => {
      this.#consent = before
      this.#change()
      this.#problem(`Your answer did not reach the server. ${textOf(error)}`)
    })
  }

  startAudio(): void {
    this.#room.startAudio().catch((error: unknown) => this.#problem(textOf(error)))
  }

  leave(): void {
    if (this.#phase.at === 'ended') return
    this.#end('left')
    void this.#room.disconnect().catch(() => undefined)
  }

  #listen(): void {
    const room = this.#room
    const change = () => this.#change()
    for (const event of [
      'participantNameChanged',
      'trackPublished',
      'trackUnpublished',
      'trackSubscribed',
      'trackUnsubscribed',
      'trackMuted',
      'trackUnmuted',
      'localTrackPublished',
      'localTrackUnpublished',
      'connectionQualityChanged',
      'dominantSpeakerChanged',
      'audioPlaybackChanged',
      'moderatorChanged',
      'lobbyChanged',
      'handRaised',
      'handLowered',
      'spotlightChanged',
      'policyChanged',
      'grantsChanged',
      'recordingHealth',
    ] as const) {
      room.on(event, change)
    }
    room.on('connected', () => this.#enter({ at: 'connected' }))
    room.on('reconnecting', () => this.#enter({ at: 'reconnecting' }))
    room.on('waiting', (waitsFor) => this.#enter({ at: 'reconnecting', waitsFor }))
    room.on('reconnected', () => {
      this.#enter({ at: 'connected' })
      this.#emit({ type: 'note', text: 'Connected again' })
    })
    room.on('disconnected', (reason, error) => {
      const refused = reason === 'refused' ? error : undefined
      const why = refused ? (refusals[refused.code] ?? endings[reason]) : (endings[reason] ?? 'unknown')
      const said = error?.data?.['message']
      this.#end(
        why,
        typeof said === 'string' ? `“${said}”` : why === 'not-allowed' ? error?.message : undefined,
      )
    })
    this.#listenToHosts()
    this.#listenToRecording()
    room.on('participantConnected', (participant) => {
      this.#emit({ type: 'joined', name: nameOf(participant) })
      this.#change()
    })
    room.on('participantDisconnected', (participant) => {
      this.#people.delete(participant.id)
      this.#lastSpoke.delete(participant.id)
      this.#emit({ type: 'left', name: nameOf(participant) })
      this.#change()
    })
    room.on('activeSpeakersChanged', (speakers) => {
      for (const speaker of speakers) this.#lastSpoke.set(speaker.id, Date.now())
      this.#change()
    })
    room.on('dataReceived', (payload, participant, topic) => {
      if (topic !== chatTopic || typeof payload !== 'string' || payload.trim() === '') return
      this.#add(this.#message(participant.id, nameOf(participant), false, payload.slice(0, longestMessage)))
    })
    room.on('mediaDevicesError', (error, source) => {
      // A picker that was closed is no problem.
      if (source !== 'screen') this.#problem(textOf(error))
    })
  }

  #listenToHosts(): void {
    const room = this.#room
    const note = (text: string) => this.#emit({ type: 'note', text })
    const concerns = (text: string) => this.#emit({ type: 'note', text, lasting: true })
    room.on('connected', () => (this.#policy = room.policy))
    room.on('knocked', (person) => this.#emit({ type: 'knock', who: knockOf(person) }))
    room.on('mutedBy', ({ source }, by) => concerns(describeMute(source, by && nameOf(by), room.policy)))
    room.on('stoppedBy', (source, why, by) => {
      const text = describeStop(source, why, by && nameOf(by))
      if (text !== undefined) concerns(text)
    })
    room.on('unmuteAsked', (source, by) => {
      const on = room.localParticipant.getPublication(source)?.isMuted === false
      if (on || (source !== 'microphone' && source !== 'camera' && source !== 'screen')) return
      this.#emit({ type: 'asked', by: by && nameOf(by), what: source })
    })
    room.on('policyChanged', (policy, by) => {
      const before = this.#policy
      this.#policy = policy
      if (room.state !== 'connected' || by?.isLocal) return
      for (const text of describePolicyChange(before, policy, by ? nameOf(by) : 'A host')) note(text)
    })
    room.on('moderatorChanged', (participant) => {
      if (room.state !== 'connected') return
      if (!participant.isLocal) {
        if (participant.isModerator) note(`${nameOf(participant)} is host now.`)
      } else if (participant.isModerator) concerns('You are host now: you let people in, mute and remove.')
      else concerns('You are not a host any more.')
    })
    room.on('handRaised', (participant) => {
      if (!participant.isLocal && room.localParticipant.isModerator)
        note(`${nameOf(participant)} raised a hand.`)
    })
    room.on('handLowered', (participant, by) => {
      if (participant.isLocal && by && !by.isLocal) note(`${nameOf(by)} lowered your hand.`)
    })
    room.on('spotlightChanged', (participant) => {
      if (participant?.isLocal) concerns('You are in the spotlight: everybody sees you large.')
      else if (participant) note(`${nameOf(participant)} is in the spotlight.`)
    })
  }

  #listenToRecording(): void {
    const room = this.#room
    let before = room.recording
    this.#wasRecorded = before !== undefined
    room.on('recordingChanged', (recording, reason) => {
      this.#wasRecorded ||= recording !== undefined
      const ended = before !== undefined && before.recordingId !== recording?.recordingId
      before = recording
      this.#change()
      const text = ended ? describeEnd(reason, { mayRecord: this.#mayRecord() }) : undefined
      if (text === undefined || this.#phase.at === 'ended') return
      if (isBadEnd(reason)) this.#problem(text)
      else this.#emit({ type: 'note', text, lasting: true })
    })
    room.on('recordingFailed', (why) => {
      this.#problem(`This call is to be recorded, and is not yet. ${describeRefusal({ data: { why } })}`)
    })
  }

  async #switching(which: SwitchName, act: () => Promise<unknown>): Promise<void> {
    this.#busy[which] = true
    this.#change()
    try {
      await act()
    } catch (error) {
      const code = codeOf(error)
      const closedPicker = which === 'screen' && (code === 'permission-denied' || code === 'cancelled')
      // Errors of capture come as `mediaDevicesError`, too; the same text is shown once.
      if (!closedPicker && this.#phase.at !== 'ended') this.#problem(textOf(error))
    } finally {
      this.#busy[which] = false
      this.#change()
    }
  }

  #message(from: string, name: string, local: boolean, text: string): ChatMessage {
    return { id: String(this.#nextMessage++), from, name, local, text, at: Date.now() }
  }

  #add(message: ChatMessage): void {
    this.#messages = [...this.#messages, message].slice(-keptMessages)
    this.#change()
  }

  #enter(phase: CallState['phase']): void {
    if (this.#phase.at === 'ended') return
    this.#phase = phase
    this.#change()
  }

  #end(why: EndReason, detail?: string): void {
    this.#enter({ at: 'ended', why, ...(detail === undefined ? {} : { detail }) })
  }

  #problem(text: string): void {
    this.#emit({ type: 'problem', text })
  }

  #emit(event: CallEvent): void {
    for (const listener of this.#eventListeners) listener(event)
  }

  /** Events come in bursts (somebody with three tracks joins); the page is told once for each. */
  #change(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#state = this.#read()
      for (const listener of this.#listeners) listener()
    })
  }

  #read(): CallState {
    const room = this.#room
    const me = room.localParticipant
    const hands = room.raisedHands
    const place = new Map(hands.map((participant, i) => [participant, i + 1]))
    const people = [
      this.#person(me, place.get(me)),
      ...[...room.remoteParticipants.values()].map((each) => this.#person(each, place.get(each))),
    ]
    const dominant = room.dominantSpeaker
    if (dominant && !dominant.isLocal) this.#dominant = dominant.id
    return {
      phase: this.#phase,
      people,
      speaking: new Set(
        room.activeSpeakers.filter((each) => each.isMicrophoneEnabled).map((each) => each.id),
      ),
      dominant: this.#dominant,
      lastSpoke: new Map(this.#lastSpoke),
      messages: this.#messages,
      microphone: this.#switch('microphone', me.isMicrophoneEnabled),
      camera: this.#switch('camera', me.isCameraEnabled),
      screen: this.#switch('screen', me.isScreenShareEnabled),
      audioBlocked: !room.canPlayAudio,
      isHost: me.isModerator,
      policy: room.policy,
      blocked: {
        microphone: me.isMicrophoneEnabled ? undefined : room.whyNot('unmute', 'microphone'),
        camera: me.isCameraEnabled ? undefined : room.whyNot('publish', 'camera'),
        screen: me.isScreenShareEnabled ? undefined : room.whyNot('publish', 'screen'),
        chat: room.whyNot('chat'),
      },
      lobby: room.lobby.map(knockOf),
      spotlight: room.spotlight?.isLocal ? people[0]?.id : room.spotlight?.id,
      recording: this.#recordingOf(room.recording),
      recordingHealth: room.recordingHealth,
      mayRecord: this.#mayRecord(),
      wasRecorded: this.#wasRecorded,
    }
  }

  /** Who moderates may record; but hosts are not granted it where the meeting is never recorded. What goes on they may end. */
  #mayRecord(): boolean {
    const { grants, recording } = this.#room
    return this.#room.can('record') && (!this.#isMeetingHost || grants.record || recording !== undefined)
  }

  /** The name of who started it stays when they leave. */
  #recordingOf(recording: LiveRecording | undefined): CallRecording | undefined {
    if (!recording) return (this.#recording = undefined)
    const { recordingId: id, state, startedAt, by, notice, asksConsent } = recording
    const known = this.#recording?.id === id ? this.#recording : undefined
    const starter = by === undefined ? undefined : this.#room.remoteParticipants.get(by)
    this.#recording = {
      id,
      state,
      since: startedAt.getTime(),
      by: known?.by ?? (starter && nameOf(starter)),
      isOwn: by !== undefined && by === this.#room.localParticipant.id,
      notice,
      asksConsent,
      agreed: this.#consent?.to === id ? this.#consent.agrees : undefined,
    }
    return this.#recording
  }

  #switch(which: SwitchName, on: boolean): Switch {
    return { on, busy: this.#busy[which] }
  }

  /** The same object as before when nothing changed, so that only the tiles concerned render. */
  #person(participant: Participant, hand: number | undefined): Person {
    const microphone = participant.getPublication('microphone')
    const person: Person = {
      id: participant.id || 'me',
      name: nameOf(participant),
      local: participant.isLocal,
      camera: this.#picture(participant, 'camera'),
      screen: this.#picture(participant, 'screen'),
      microphone: microphone === undefined ? 'none' : microphone.isMuted ? 'muted' : 'on',
      quality: participant.connectionQuality,
      isHost: participant.isModerator,
      hand,
    }
    const before = this.#people.get(person.id)
    if (before && (Object.keys(person) as (keyof Person)[]).every((key) => before[key] === person[key]))
      return before
    this.#people.set(person.id, person)
    return person
  }

  #picture(participant: Participant, source: 'camera' | 'screen'): Picture | undefined {
    const publication = participant.getPublication(source)
    const track = publication?.track
    if (!publication || publication.isMuted || !track) return undefined
    const known = this.#pictures.get(track)
    if (known) return known
    const picture: Picture = {
      id: `${participant.id}:${publication.id}`,
      source,
      mirrored: participant.isLocal && source === 'camera',
      attach(element) {
        track.attach(element)
        return () => {
          track.detach(element)
        }
      },
    }
    this.#pictures.set(track, picture)
    return picture
  }
}

function nameOf(participant: Participant | RemoteParticipant): string {
  return participant.name.trim() || 'Guest'
}

function knockOf({ id, name, since }: WaitingPerson): Knock {
  return { id, name, since: since.getTime() }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

function textOf(error: unknown): string {
  if (codeOf(error) === 'permission-denied' && error instanceof Error) {
    const problem = describeProblem('denied', 'both', browserOf(navigator.userAgent))
    return `${error.message} ${problem?.help ?? ''}`
  }
  return error instanceof Error ? error.message : 'Something went wrong.'
}
