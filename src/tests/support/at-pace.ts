/** Calls back at the pace of a camera: `count` times, `everyMs` apart, catching up if the machine was busy. */
export async function atPace(count: number, everyMs: number, act: (place: number) => void): Promise<void> {
  const startMs = performance.now()
  for (let place = 0; place < count; place++) {
    const waitMs = startMs + place * everyMs - performance.now()
    if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs))
    act(place)
  }
}
