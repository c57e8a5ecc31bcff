import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'

/** What a media element does, as values. Times are milliseconds. */
export interface Playback {
  readonly time: number
  readonly duration: number
  /** Until where it is loaded, from where it plays. */
  readonly loaded: number
  readonly playing: boolean
  readonly ended: boolean
  /** It should play, and has nothing to play. */
  readonly waiting: boolean
  /** It cannot be played, after it was tried again. */
  readonly failed: boolean
  readonly muted: boolean
  /** 0 to 1. */
  readonly volume: number
  readonly rate: number
}

export interface PlaybackActs {
  readonly toggle: () => void
  readonly seek: (ms: number) => void
  /** From where it is. */
  readonly skip: (ms: number) => void
  readonly toggleMute: () => void
  readonly setVolume: (volume: number) => void
  readonly setRate: (rate: number) => void
  /** After it failed. */
  readonly retry: () => void
}

interface PlaybackOptions {
  /** Address of what is played. When it becomes another one, that goes on where this was. */
  readonly src: string | undefined
  /** Of the file, until the element knows it, in milliseconds. */
  readonly durationMs: number
  /** Asked once when nothing comes any more: the session may have ended meanwhile. Never throws. */
  readonly renew: () => Promise<unknown>
}

/** An error within this time of the last one is no matter of a session, in milliseconds. */
const sameFault = 15_000

const events = [
  ...['timeupdate', 'durationchange', 'progress', 'play', 'pause', 'playing', 'waiting', 'seeking', 'seeked'],
  ...['ended', 'volumechange', 'ratechange', 'loadeddata', 'emptied'],
]

export function usePlayback({ src, durationMs, renew }: PlaybackOptions) {
  const element = useRef<HTMLVideoElement>(null)
  /** What could not be played. */
  const [failed, setFailed] = useState<string>()
  const [read, setRead] = useState<Omit<Playback, 'failed'>>({
    time: 0,
    duration: durationMs,
    loaded: 0,
    playing: false,
    ended: false,
    waiting: false,
    muted: false,
    volume: 1,
    rate: 1,
  })
  const lastFault = useRef(-Infinity)

  useLayoutEffect(() => {
    const media = element.current
    if (!media || src === undefined) return
    lastFault.current = -Infinity
    goOn(media, () => (media.src = src))
  }, [src])

  const reload = useCallback(async () => {
    await renew()
    const media = element.current
    if (media) goOn(media, () => media.load())
  }, [renew])

  useEffect(() => {
    const media = element.current
    if (!media) return
    const update = () => setRead(readMedia(media, durationMs))
    const onError = () => {
      if (!media.error) return
      if (performance.now() - lastFault.current < sameFault) return setFailed(src)
      lastFault.current = performance.now()
      void reload()
    }
    for (const event of events) media.addEventListener(event, update)
    media.addEventListener('error', onError)
    update()
    return () => {
      for (const event of events) media.removeEventListener(event, update)
      media.removeEventListener('error', onError)
    }
  }, [src, durationMs, reload])

  const acts = useMemo<PlaybackActs>(() => {
    const on = (act: (media: HTMLVideoElement) => void) => {
      if (element.current) act(element.current)
    }
    const seek = (ms: number) =>
      on((media) => {
        const end = Number.isFinite(media.duration) ? media.duration : durationMs / 1000
        media.currentTime = Math.min(Math.max(0, ms / 1000), end)
      })
    return {
      toggle: () => on((media) => (media.paused ? void media.play().catch(() => undefined) : media.pause())),
      seek,
      skip: (ms) => on((media) => seek(media.currentTime * 1000 + ms)),
      toggleMute: () => on((media) => (media.muted = !media.muted)),
      setVolume: (volume) =>
        on((media) => {
          media.volume = volume
          media.muted = volume === 0
        }),
      setRate: (rate) => on((media) => (media.playbackRate = rate)),
      retry: () => {
        setFailed(undefined)
        void reload()
      },
    }
  }, [durationMs, reload])
  return { element, playback: { ...read, failed: failed !== undefined && failed === src }, acts }
}

/** Loads, which forgets it all, and goes on in the same place, at the same speed, playing if it played. */
function goOn(media: HTMLVideoElement, load: () => void): void {
  const { currentTime, ended, paused, playbackRate } = media
  load()
  media.currentTime = ended ? 0 : currentTime
  media.playbackRate = playbackRate
  if (!paused) media.play().catch(() => undefined)
}

function readMedia(media: HTMLVideoElement, durationMs: number): Omit<Playback, 'failed'> {
  const { currentTime, duration, buffered, paused, ended, readyState, muted, volume, playbackRate } = media
  let loaded = currentTime
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1) loaded = Math.max(loaded, buffered.end(i))
  }
  return {
    time: currentTime * 1000,
    duration: Number.isFinite(duration) && duration > 0 ? duration * 1000 : durationMs,
    loaded: loaded * 1000,
    playing: !paused && !ended,
    ended,
    waiting: !paused && !ended && readyState < media.HAVE_FUTURE_DATA,
    muted: muted || volume === 0,
    volume,
    rate: playbackRate,
  }
}
