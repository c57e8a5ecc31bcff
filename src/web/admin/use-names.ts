import { useEffect, useState } from 'react'
import { api, path } from '../api/client.ts'
import { isApiError } from '../api/errors.ts'
import type { Account, ApiKey, AuditEntry, Meeting, Page, Recording } from '../api/types.ts'

/** Names by `kind id`; kept while the page is loaded. Undefined: asked for and not there any more. */
const names = new Map<string, string | undefined>()
const asked = new Set<string>()

/** At most this many are asked for at once. */
const together = 4

/** What accounts, API keys, meetings and recordings of these entries are called. Asks for each once. */
export function useNames(entries: readonly AuditEntry[]): (kind: string, id: string) => string {
  const [, setRound] = useState(0)
  useEffect(() => {
    const wanted = new Map<string, Named>()
    for (const { actor, target, data } of entries) {
      const room = typeof data?.['room'] === 'string' ? [{ kind: 'room', id: data['room'] }] : []
      for (const { kind, id } of [actor, ...(target ? [target] : []), ...room]) {
        const named = id === undefined ? undefined : namedBy(kind, id)
        if (named && !asked.has(keyOf(named))) wanted.set(keyOf(named), named)
      }
    }
    if (wanted.size === 0) return
    for (const key of wanted.keys()) asked.add(key)
    const queue = [...wanted.entries()]
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [key, named] = next
        await ask(named).then(
          (name) => names.set(key, name),
          // Another look at the page tries again.
          () => asked.delete(key),
        )
      }
      setRound((before) => before + 1)
    }
    for (let i = 0; i < together; i++) void work()
  }, [entries])

  return (kind, id) => {
    const named = namedBy(kind, id)
    if (!named || !names.has(keyOf(named))) return id
    return names.get(keyOf(named)) ?? (named.kind === 'account' ? 'a deleted account' : id)
  }
}

interface Named {
  readonly kind: 'account' | 'api-key' | 'meeting' | 'recording'
  readonly id: string
}

const keyOf = ({ kind, id }: Named): string => `${kind} ${id}`

/** What has the name of somebody or something. Meetings take place in rooms, and people come there by their account. */
function namedBy(kind: string, id: string): Named | undefined {
  if (kind === 'account' || kind === 'api-key' || kind === 'meeting' || kind === 'recording')
    return { kind, id }
  if (kind === 'participant' && id.startsWith('acc_')) return { kind: 'account', id }
  if (kind === 'room' && id.startsWith('meeting:'))
    return { kind: 'meeting', id: id.slice('meeting:'.length) }
  return undefined
}

/** Throws when it could not be found out. */
async function ask({ kind, id }: Named): Promise<string | undefined> {
  try {
    if (kind === 'account') return (await api.get<Account>(path`/users/${id}`)).name
    if (kind === 'meeting') return (await api.get<Meeting>(path`/meetings/${id}`)).title
    if (kind === 'recording') return (await api.get<Recording>(path`/recordings/${id}`)).title
    return (await apiKeyNames()).get(id)
  } catch (thrown) {
    if (isApiError(thrown, 'not-found')) return undefined
    throw thrown
  }
}

let keys: Promise<Map<string, string>> | undefined

function apiKeyNames(): Promise<Map<string, string>> {
  keys ??= api
    .get<Page<ApiKey>>('/api-keys')
    .then(({ items }) => new Map(items.map(({ id, name }) => [id, name])))
    .finally(() => setTimeout(() => (keys = undefined), 10_000))
  return keys
}
