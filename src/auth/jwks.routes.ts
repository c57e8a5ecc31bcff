import type { FastifyPluginCallback } from 'fastify'
import type { AccountServices } from './account-services.ts'
import { publishedMs } from './signing-keys.ts'

/** The public keys that other programs check access tokens with. */
export const jwksRoutes: FastifyPluginCallback<{ accounts: () => Promise<AccountServices> }> = (
  app,
  { accounts },
  done,
) => {
  app.get('/.well-known/jwks.json', async (_request, reply) => {
    const { signingKeys } = await accounts()
    const keys = await signingKeys.published(new Date())
    return reply
      .header('cache-control', `public, max-age=${publishedMs / 1000}`)
      .header('access-control-allow-origin', '*')
      .type('application/jwk-set+json')
      .send({ keys })
  })
  done()
}
