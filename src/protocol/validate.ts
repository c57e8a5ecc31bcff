import { Compile, type Validator } from 'typebox/compile'
import type { TSchema } from 'typebox'
import { AppError } from '../lib/app-error.ts'
import { requests, type Input, type Method } from './requests.ts'
import { serverRequests, type ServerMethod, type ServerRequestOutput } from './server-messages.ts'

/** Validators, compiled once per schema when the module is loaded (about 40 ms for all of them). */
function compileAll<K extends string>(schemas: Readonly<Record<K, TSchema>>): Map<string, Validator> {
  return new Map(Object.entries<TSchema>(schemas).map(([name, schema]) => [name, Compile(schema)]))
}

const inputs = compileAll(mapValues(requests, (facts) => facts.input))
const answers = compileAll(mapValues(serverRequests, (facts) => facts.output))

function mapValues<K extends string, A, B>(
  record: Readonly<Record<K, A>>,
  map: (value: A) => B,
): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, map(value)])) as Record<
    K,
    B
  >
}

export function isMethod(name: string): name is Method {
  return Object.hasOwn(requests, name)
}

/** Throws `bad-request` that says where `data` does not fit. */
export function checkInput<M extends Method>(method: M, data: unknown): Input<M> {
  check(inputs.get(method)!, data, method)
  return data as Input<M>
}

/** What a client answered to a request of ours, or `bad-request`. */
export function checkAnswer<M extends ServerMethod>(method: M, data: unknown): ServerRequestOutput<M> {
  check(answers.get(method)!, data, `the answer to ${method}`)
  return data as ServerRequestOutput<M>
}

/**
 * Data with more values than this is refused without saying where: finding the place is a thousand times slower than
 * checking, and no client sends as much. The capabilities of a browser are some hundred values.
 */
const explainedValues = 5000

function check(validator: Validator, data: unknown, what: string): void {
  if (validator.Check(data)) return
  if (countValues(data, explainedValues) >= explainedValues) {
    throw new AppError('bad-request', `${what}: data has too many values and does not fit.`, { path: 'data' })
  }
  const [first] = validator.Errors(data)
  const missing = first?.keyword === 'required' ? first.params.requiredProperties[0] : undefined
  const parts = [
    'data',
    ...(first?.instancePath.split('/').slice(1) ?? []),
    ...(missing === undefined ? [] : [missing]),
  ]
  const path = parts.join('.')
  throw new AppError('bad-request', `${what}: ${path} ${first?.message ?? 'is not valid'}`, { path })
}

/** How many values are in there, objects and lists included; stops counting at `enough`. Nested at will, so without recursion. */
function countValues(data: unknown, enough: number): number {
  const found = [data]
  for (let at = 0; at < found.length && found.length < enough; at++) {
    const value = found[at]
    if (typeof value !== 'object' || value === null) continue
    for (const inner of Object.values(value)) {
      if (found.push(inner) >= enough) break
    }
  }
  return found.length
}
