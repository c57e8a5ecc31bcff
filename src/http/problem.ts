import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, toClientError, type ErrorCode } from '../lib/app-error.ts'

/** Any error as an HTTP answer of RFC 9457 (`application/problem+json`), with the same codes as on the WebSocket. */
export function sendProblem(
  thrown: FastifyError | AppError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const error = fastifyCode(thrown) ?? toClientError(thrown, request.id)
  if (error.code === 'internal') request.log.error({ err: thrown, requestId: request.id }, 'request failed')
  // A challenge that browsers do not answer by a dialog of their own.
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer')
  void reply
    .code(error.status)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      title: error.code.replaceAll('-', ' '),
      status: error.status,
      code: error.code,
      detail: error.message,
      ...(error.data ? { data: error.data } : {}),
    })
}

/** Fastify's own refusals (bad JSON, schema, size) are the client's fault: their status says which. */
function fastifyCode(thrown: Error): AppError | undefined {
  if (thrown instanceof AppError) return thrown
  const status = (thrown as FastifyError).statusCode
  if (status === undefined || status < 400 || status >= 500) return undefined
  const codes: Partial<Record<number, ErrorCode>> = {
    401: 'unauthorized',
    403: 'forbidden',
    404: 'not-found',
    409: 'conflict',
    413: 'too-large',
    429: 'rate-limited',
  }
  return new AppError(codes[status] ?? 'bad-request', thrown.message)
}
