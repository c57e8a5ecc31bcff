import type { Validator } from 'typebox/compile'
import { AppError } from './app-error.ts'

/**
 * Data with more values than this is refused without saying where: finding the place is a thousand times slower than
 * checking, and no client sends as much. The capabilities of a browser are some hundred values.
 */
const explainedValues = 5000

/** Throws `bad-request` that says where `data` does not fit. `what` begins the sentence, `root` the path. */
export function check(validator: Validator, data: unknown, { what, root }: CheckOptions): void {
  if (validator.Check(data)) return
  if (valuesIn(data, explainedValues).length >= explainedValues) {
    throw new AppError('bad-request', `${what}: ${root} has too many values and does not fit.`, {
      path: root,
    })
  }
  const [first] = validator.Errors(data)
  const missing = first?.keyword === 'required' ? first.params.requiredProperties[0] : undefined
  const parts = [
    root,
    ...(first?.instancePath.split('/').slice(1) ?? []),
    ...(missing === undefined ? [] : [missing]),
  ]
  const path = parts.join('.')
  // The schema of what is not listed is `false`, which tells nobody anything.
  const wrong = first?.keyword === 'boolean' ? 'is not a name known here' : first?.message
  throw new AppError('bad-request', `${what}: ${path} ${wrong ?? 'is not valid'}`, { path })
}

export interface CheckOptions {
  readonly what: string
  readonly root: string
}

/** Throws `bad-request` when a text in `data` is none that PostgreSQL can keep: with the character NUL, or half a character. */
export function checkTexts(data: unknown, { what, root }: CheckOptions): void {
  const isBad = valuesIn(data, Infinity).some(
    (value) => typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()),
  )
  if (isBad) {
    throw new AppError('bad-request', `${what}: ${root} holds a NUL or half a character.`, { path: root })
  }
}

/**
 * The values in there, objects and lists included, and the names of their fields; stops at `enough`. Nested at will, so
 * without recursion.
 */
function valuesIn(data: unknown, enough: number): unknown[] {
  const found = [data]
  for (let at = 0; at < found.length && found.length < enough; at++) {
    const value = found[at]
    if (typeof value !== 'object' || value === null) continue
    const names = Array.isArray(value) ? [] : Object.keys(value)
    for (const inner of [...Object.values(value), ...names]) {
      if (found.push(inner) >= enough) break
    }
  }
  return found
}
