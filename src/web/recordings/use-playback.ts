import { useCallback, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { changeSettings, settings } from '../ui/settings.ts'

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
  /** One of `rates` faster, or slower. */
  readonly changeRate: (by: 1 | -1) => void
  /** After it failed. */
  readonly retry: () => void
}

interface PlaybackOptions {
  /** Address of what is played. When it becomes another one, that goes on where this was. */
  readonly src: string | undefined
  /** Of the file, until the element knows it, in milliseconds. */
  readonly durationMs: number
  /** Where it begins when it is first shown. */
  readonly startMs: number
  /** Asked once when nothing comes any more: the session may have ended meanwhile. Never throws. */
  readonly renew: () => Promise<unknown>
}

export const rates = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3] as const

/** An error within this time of the last one is no matter of a session, in milliseconds. */
const sameFault = 15_000

const events = [
  ...['timeupdate', 'durationchange', 'progress', 'play', 'pause', 'playing', 'waiting', 'seeking', 'seeked'],
  ...['ended', 'volumechange', 'ratechange', 'loadeddata', 'emptied'],
]

export function usePlayback({ src, durationMs, startMs, renew }: PlaybackOptions) {
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

  const show = useEffectEvent((media: HTMLVideoElement, address: string) => {
    const isFirst = media.src === ''
    lastFault.current = -Infinity
    goOn(media, () => (media.src = address))
    if (!isFirst) return
    media.currentTime = Math.min(startMs, durationMs) / 1000
    media.playbackRate = settings().playbackRate
    media.volume = Math.min(1, Math.max(0, settings().playbackVolume))
  })
  useLayoutEffect(() => {
    if (element.current && src !== undefined) show(element.current, src)
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
    const setRate = (rate: number) =>
      on((media) => {
        media.playbackRate = rate
        changeSettings({ playbackRate: rate })
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
          if (volume > 0) changeSettings({ playbackVolume: volume })
        }),
      setRate,
      changeRate: (by) =>
        on(({ playbackRate }) => {
          const next =
            by > 0 ? rates.find((rate) => rate > playbackRate) : rates.findLast((rate) => rate < playbackRate)
          if (next !== undefined) setRate(next)
        }),
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
