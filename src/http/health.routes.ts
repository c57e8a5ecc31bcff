import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { WorkerStatus } from '../../workers/worker-pool.ts'

export interface HealthSources {
  readonly version: string
  readonly workers: () => WorkerStatus[]
  readonly closing: () => boolean
  /** True also while nobody has needed it. */
  readonly databaseAnswers: () => Promise<boolean>
}

/** `/healthz`: the process lives. `/readyz`: it can take calls (503 when not, so that a balancer looks elsewhere). */
export const healthRoutes: FastifyPluginCallbackTypebox<HealthSources> = (app, sources, done) => {
  app.get(
    '/healthz',
    { schema: { response: { 200: Type.Object({ status: Type.Literal('ok'), version: Type.String() }) } } },
    () => ({ status: 'ok' as const, version: sources.version }),
  )

  async function whyNotReady(workersUp: number): Promise<string | undefined> {
    if (sources.closing()) return 'the server is closing'
    if (workersUp === 0) return 'no media worker is running'
    return (await sources.databaseAnswers()) ? undefined : 'the database does not answer'
  }

  const Readiness = Type.Object({
    status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
    why: Type.Optional(Type.String()),
    workers: Type.Object({ up: Type.Integer(), configured: Type.Integer() }),
  })
  app.get(
    '/readyz',
    { schema: { response: { 200: Readiness, 503: Readiness } } },
    async (_request, reply) => {
      const workers = sources.workers()
      const counts = {
        up: workers.filter((worker) => worker.answers).length,
        configured: workers.length,
      }
      const why = await whyNotReady(counts.up)
      if (why === undefined) return { status: 'ready' as const, workers: counts }
      void reply.code(503)
      return { status: 'not-ready' as const, why, workers: counts }
    },
  )
  done()
}
