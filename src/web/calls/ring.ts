/** Between the beginnings of two rings, in milliseconds. */
const everyMs = 3000

/**
 * Two soft tones, again and again, until what it returns is called. Browsers play them only on a page that somebody has
 * clicked before; without that the card on the page and its title have to do.
 */
export function ring(): () => void {
  const context = new AudioContext()
  const sound = () => {
    if (context.state !== 'running') return
    for (const [i, frequency] of [659.25, 880].entries()) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      const at = context.currentTime + 0.05 + i * 0.3
      tone.frequency.value = frequency
      volume.gain.setValueAtTime(0, at)
      volume.gain.linearRampToValueAtTime(0.18, at + 0.03)
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.7)
      tone.connect(volume).connect(context.destination)
      tone.start(at)
      tone.stop(at + 0.75)
    }
  }
  sound()
  const timer = window.setInterval(sound, everyMs)
  return () => {
    window.clearInterval(timer)
    void context.close()
  }
}
