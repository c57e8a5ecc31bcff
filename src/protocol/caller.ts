import type { Role } from './rest.ts'

/** Who asks over REST, as their credentials prove. */
export type Caller = AccountCaller | KeyCaller | Nobody

/** Somebody who logged in: by a cookie, by an access token, or by a token of the external issuer. */
export interface AccountCaller {
  readonly kind: 'account'
  readonly accountId: string
  /** Undefined for a token of an external issuer, which knows sessions of its own. */
  readonly sessionId: string | undefined
  readonly role: Role
  readonly email: string
  readonly name: string
  /** Whether the browser sent the credentials by itself, so that another site may be behind the request. */
  readonly byCookie: boolean
}

/** An application's backend, by its API key. */
export interface KeyCaller {
  readonly kind: 'api-key'
  readonly keyId: string
}

export interface Nobody {
  readonly kind: 'nobody'
}

/** Who did something, for the audit log. */
export interface Actor {
  readonly kind: 'account' | 'api-key' | 'participant' | 'nobody' | 'server'
  /** Account id, API key id or identity in a room. */
  readonly id?: string | undefined
  readonly address?: string | undefined
}

/** May do what admins may, short of making other admins and keys. */
export function isBackend(caller: Caller): caller is AccountCaller | KeyCaller {
  return caller.kind === 'api-key' || (caller.kind === 'account' && caller.role === 'admin')
}
