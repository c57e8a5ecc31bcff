import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../lib/app-error.ts'
import { pathOnly } from '../lib/log.ts'
import { sendProblem } from './problem.ts'

const folder = join(import.meta.dirname, '..', 'web', 'dist')
/** The page names files by their hash, so it must always be fresh itself. */
const fresh = 'no-cache'
const forGood = 'public, max-age=31536000, immutable'

/** Where the app has pages (src/web/routes.tsx). It says itself what is wrong with an address below them. */
const pagePaths = [
  ...['/r', '/r/*', '/m', '/m/*'],
  ...['/login', '/register', '/verify', '/forgot', '/reset', '/account', '/account/*'],
  ...['/meetings', '/meetings/*', '/calls', '/calls/*', '/history', '/history/*'],
  ...['/recordings', '/recordings/*', '/admin', '/admin/*'],
]

/** Serves the built web app: its hashed files under `/assets`, and its one page for every address that a person opens. Returns that page. */
export async function serveWebApp(
  app: FastifyInstance,
): Promise<(request: FastifyRequest, reply: FastifyReply) => unknown> {
  if (!existsSync(join(folder, 'index.html'))) {
    app.setNotFoundHandler((request, reply) => sendProblem(nothingAt(request.url), request, reply))
    return (_request, reply) =>
      reply.code(503).type('text/plain').send('The web app is not built. Run: npm run build\n')
  }
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    cacheControl: false,
    // Called for what is beside the assets as well, which has said how long it lasts.
    setHeaders: (reply) => {
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', forGood)
    },
    // scripts/web-build.ts leaves smaller copies beside the files.
    preCompressed: true,
  })

  const send = (name: string) => (_request: FastifyRequest, reply: FastifyReply) =>
    reply.header('cache-control', fresh).sendFile(name, folder)
  const besideThePage = readdirSync(folder, { withFileTypes: true }).filter(({ name }) =>
    /^[a-z0-9-]+\.(svg|png|ico|txt|webmanifest)$/.test(name),
  )
  for (const { name } of besideThePage) app.get(`/${name}`, send(name))
  const page = send('index.html')
  for (const path of pagePaths) app.get(path, page)
  app.setNotFoundHandler((request, reply) => {
    const isPerson = request.method === 'GET' && request.headers.accept?.includes('text/html')
    if (isPerson) return page(request, reply.code(404))
    return sendProblem(nothingAt(request.url), request, reply)
  })
  return page
}

function nothingAt(url: string): AppError {
  return new AppError('not-found', `There is nothing at ${pathOnly(url)}.`)
}
