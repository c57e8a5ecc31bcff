/** The WebVTT that says which part of a picture shows which moment of a recording. Pure. */

export interface Preview {
  /** Milliseconds of the recording. */
  readonly from: number
  readonly to: number
  /** Pixels in the picture that holds them all. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const timing = /^(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})\s+-->\s+(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})/
const place = /#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)/

/** The cues that can be understood, in order; what cannot is left out. */
export function readPreviewIndex(text: string): Preview[] {
  const previews: Preview[] = []
  for (const block of text.replaceAll('\r\n', '\n').split(/\n{2,}/)) {
    const lines = block.split('\n')
    const at = lines.findIndex((line) => timing.test(line))
    const times = timing.exec(lines[at] ?? '')
    const area = place.exec(lines[at + 1] ?? '')
    if (!times || !area) continue
    const [x = 0, y = 0, width = 0, height = 0] = area.slice(1).map(Number)
    if (width === 0 || height === 0) continue
    previews.push({ from: toMs(times.slice(1, 5)), to: toMs(times.slice(5, 9)), x, y, width, height })
  }
  return previews.sort((a, b) => a.from - b.from)
}

function toMs(parts: readonly (string | undefined)[]): number {
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = parts.map((part) => Number(part ?? 0))
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
}

/** The picture of a moment: the one whose time it is, or the nearest before. */
export function previewAt(previews: readonly Preview[], ms: number): Preview | undefined {
  return previews.findLast(({ from }) => from <= ms) ?? previews[0]
}
