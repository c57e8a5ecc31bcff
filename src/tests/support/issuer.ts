import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Provider, type JWK } from 'oidc-provider'

/** Somebody as the issuer knows them: `sub` and other claims. */
export type IssuerAccount = Readonly<{ sub: string } & Record<string, unknown>>

/** A real OpenID Connect issuer on loopback that logs in whoever it is told to, without asking. */
export interface TestIssuer {
  readonly url: string
  /** Who is sitting at the browser. Undefined: somebody who cancels. */
  person: IssuerAccount | undefined
  /** Follows an address of the issuer as a browser would, to where it sends people back. */
  visit(url: string): Promise<URL>
  /** A token signed with the issuer's own key. */
  tokenFor(person: IssuerAccount, claims?: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

export const clientId = 'sluice'
export const clientSecret = 'a secret of the issuer and this server'

export async function startIssuer({ redirectUri }: { redirectUri: string }): Promise<TestIssuer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const known = new Map<string, IssuerAccount>()

  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = 'key-of-the-issuer'
  const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' }

  const provider = new Provider(url, {
    jwks: { keys: [jwk as JWK] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    cookies: { keys: ['only for tests'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => {
      const account = known.get(sub)
      return account && { accountId: sub, claims: async () => ({ ...account }) }
    },
    // Whoever logs in agrees.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client!.clientId,
        accountId: context.oidc.session!.accountId!,
      })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response)
    const { person } = issuer
    if (person) known.set(person.sub, person)
    const result = person
      ? { login: { accountId: person.sub } }
      : { error: 'access_denied', error_description: 'they did not want to' }
    void provider.interactionFinished(request, response, result)
  })

  const issuer: TestIssuer = {
    url,
    person: undefined,
    visit: async (from) => {
      const cookies = new Map<string, string>()
      let at = new URL(from)
      while (at.origin === url) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
        for (const text of response.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
          cookies.set(name, value)
        }
        const location = response.headers.get('location')
        if (location === null)
          throw new Error(`the issuer answers ${response.status}: ${await response.text()}`)
        at = new URL(location, at)
      }
      return at
    },
    tokenFor: ({ sub, ...others }, claims) => {
      const now = Math.floor(Date.now() / 1000)
      const all = { iss: url, aud: clientId, iat: now, exp: now + 60, ...others, sub, ...claims }
      return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return issuer
}
