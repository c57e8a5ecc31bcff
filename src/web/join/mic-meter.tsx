import { useEffect, useRef } from 'react'

const bars = 14

/** How loud the own microphone is, painted without rendering: the numbers come sixty times a second. */
export function MicMeter({ track }: { track: MediaStreamTrack | undefined }) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const meter = element.current
    if (!track || !meter) return
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 1024
    const source = context.createMediaStreamSource(new MediaStream([track]))
    source.connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    let shown = 0
    let lastTold = 0
    let frame = 0
    const draw = (time: number) => {
      frame = requestAnimationFrame(draw)
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      const decibels = 10 * Math.log10(sum / samples.length + 1e-10)
      const level = Math.min(1, Math.max(0, (decibels + 60) / 48))
      shown = level > shown ? level : Math.max(level, shown - 0.03)
      const lit = Math.round(shown * bars)
      for (let i = 0; i < bars; i++) meter.children[i]?.classList.toggle('lit', i < lit)
      if (time - lastTold > 500) {
        lastTold = time
        meter.setAttribute('aria-valuenow', String(Math.round(shown * 100)))
      }
    }
    frame = requestAnimationFrame(draw)
    const wake = () => void context.resume()
    document.addEventListener('pointerdown', wake, { once: true })
    return () => {
      cancelAnimationFrame(frame)
      document.removeEventListener('pointerdown', wake)
      source.disconnect()
      void context.close()
      for (const bar of meter.children) bar.classList.remove('lit')
    }
  }, [track])
  return (
    <div
      ref={element}
      className="mic-meter"
      data-testid="mic-meter"
      role="meter"
      aria-label="Microphone level"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      {Array.from({ length: bars }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  )
}
