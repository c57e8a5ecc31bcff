/** Two short tones through the chosen speaker. */
export async function playTestSound(speakerId: string): Promise<void> {
  const context = new AudioContext()
  try {
    const output = context.createMediaStreamDestination()
    const start = context.currentTime + 0.05
    for (const [i, frequency] of [523.25, 783.99].entries()) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      const at = start + i * 0.28
      tone.frequency.value = frequency
      volume.gain.setValueAtTime(0, at)
      volume.gain.linearRampToValueAtTime(0.25, at + 0.02)
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5)
      tone.connect(volume).connect(output)
      tone.start(at)
      tone.stop(at + 0.55)
    }
    const audio = new Audio()
    audio.srcObject = output.stream
    if (speakerId && 'setSinkId' in audio) await audio.setSinkId(speakerId)
    await audio.play()
    await new Promise((resolve) => setTimeout(resolve, 1100))
    audio.srcObject = null
  } finally {
    await context.close()
  }
}

export const canChooseSpeaker =
  typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype
