import { useEffect, useState, type RefObject } from 'react'

/** Phones of one maker show only the video itself in full, with bars of their own. */
interface WithOwnFullScreen extends HTMLVideoElement {
  readonly webkitEnterFullscreen?: () => void
}

export function useFullScreen(
  frame: RefObject<HTMLElement | null>,
  element: RefObject<HTMLVideoElement | null>,
) {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const look = () => setOn(document.fullscreenElement === frame.current)
    document.addEventListener('fullscreenchange', look)
    return () => document.removeEventListener('fullscreenchange', look)
  }, [frame])
  const possible = document.fullscreenEnabled || 'webkitEnterFullscreen' in HTMLVideoElement.prototype
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
    else if (document.fullscreenEnabled) void frame.current?.requestFullscreen().catch(() => undefined)
    else (element.current as WithOwnFullScreen | null)?.webkitEnterFullscreen?.()
  }
  return { on, possible, toggle }
}

/** The video in a small window of its own, above all others. */
export function useSmallWindow(element: RefObject<HTMLVideoElement | null>) {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const video = element.current
    if (!video) return
    const look = () => setOn(document.pictureInPictureElement === video)
    const signs = ['enterpictureinpicture', 'leavepictureinpicture']
    for (const sign of signs) video.addEventListener(sign, look)
    return () => {
      for (const sign of signs) video.removeEventListener(sign, look)
    }
  }, [element])
  const toggle = () => {
    // Refused until it knows its size; nothing to say then.
    if (on) void document.exitPictureInPicture().catch(() => undefined)
    else void element.current?.requestPictureInPicture().catch(() => undefined)
  }
  return { on, possible: document.pictureInPictureEnabled, toggle }
}
