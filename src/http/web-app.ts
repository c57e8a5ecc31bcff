import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const folder = join(import.meta.dirname, '..', 'web', 'dist')

/** Serves the built web app: its files under `/assets`, its one page for `/` and every room address. */
export async function serveWebApp(
  app: FastifyInstance,
): Promise<(request: FastifyRequest, reply: FastifyReply) => unknown> {
  if (!existsSync(join(folder, 'index.html'))) {
    return (_request, reply) =>
      reply.code(503).type('text/plain').send('The web app is not built. Run: npm run build\n')
  }
  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    cacheControl: false,
    // Built files carry a hash in their name; the page that names them must always be fresh.
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(join(folder, 'assets'))
      void reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  const page = (_request: FastifyRequest, reply: FastifyReply): unknown => reply.sendFile('index.html')
  app.get('/r/:room', page)
  return page
}
