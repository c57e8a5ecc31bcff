/** Sentences about people coming and going, gathered so that fifty arrivals are one sentence. Pure. */

export interface Coming {
  readonly joined: readonly string[]
  readonly left: readonly string[]
}

/** `of`: how many there are, if these are only the first. */
export function listNames(names: readonly string[], of = names.length): string {
  const [first, second] = names
  if (first === undefined) return ''
  if (second === undefined) return first
  if (of === 2) return `${first} and ${second}`
  return `${first}, ${second} and ${of - 2} more`
}

export function describeComing({ joined, left }: Coming): string[] {
  const sentences: string[] = []
  if (joined.length > 0) sentences.push(`${listNames(joined)} joined`)
  if (left.length > 0) sentences.push(`${listNames(left)} left`)
  return sentences
}
