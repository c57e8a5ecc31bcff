/** Checksums of all files of a recording, in the format of sha256sum. */
export const sumsName = 'SHA256SUMS'

/** The text of that file: what `sha256sum --check` reads. */
export function formatSums(sums: ReadonlyMap<string, string>): string {
  const names = [...sums.keys()].sort()
  return names.map((name) => `${sums.get(name)}  ${name}\n`).join('')
}

/** Hash by name. Lines that are none are left out. */
export function parseSums(text: string): Map<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{64}) [ *](\S+)$/gm)
  return new Map(Array.from(lines, ([, sha256 = '', name = '']) => [name, sha256]))
}
