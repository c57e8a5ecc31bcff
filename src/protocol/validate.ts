import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { check } from '../lib/check.ts'
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
  check(inputs.get(method)!, data, { what: method, root: 'data' })
  return data as Input<M>
}

/** What a client answered to a request of ours, or `bad-request`. */
export function checkAnswer<M extends ServerMethod>(method: M, data: unknown): ServerRequestOutput<M> {
  check(answers.get(method)!, data, { what: `the answer to ${method}`, root: 'data' })
  return data as ServerRequestOutput<M>
}
