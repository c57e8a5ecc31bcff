import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

/** A request on its way. */
export interface PassingRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** What S3 calls it, as the SDK puts it into the query: UploadPart, PutObject and so on. */
  readonly operation: string
}

/** What goes wrong with it. */
export type Fault =
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'drop' }
  /** It ends with a reset. */
  | { readonly kind: 'reset' }
  /** The service does as it is told, and its answer gets lost. */
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'hang' }
  /** The answer ends in the middle. */
  | { readonly kind: 'cut-answer' }
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string }
  /** One bit of the body arrives wrong. */
  | { readonly kind: 'flip' }
  /** The answer is changed. */
  | { readonly kind: 'answer'; readonly headers: Readonly<Record<string, string>> }
  /** Something happens after the service has done it and before the answer comes. */
  | { readonly kind: 'meanwhile'; readonly act: () => Promise<void> }

/** Stands between a client and an S3 server and does to requests what `decide` says; undefined lets them pass. */
export class FaultyProxy {
  decide: (request: PassingRequest) => Fault | undefined = () => undefined
  /** Operations that were asked for, in order. */
  readonly seen: string[] = []
  readonly endpoint: string
  readonly #server: Server

  static async start(t: TestContext, target: { readonly endpoint: string }): Promise<FaultyProxy> {
    const { hostname: host, port } = new URL(target.endpoint)
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new FaultyProxy(server)
    server.on('request', (request, response) => {
      // What ends in the middle is what this is for.
      proxy.#pass(request, response, { host, port }).catch(() => response.destroy())
    })
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    return proxy
  }

  private constructor(server: Server) {
    this.#server = server
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Of clients. */
  connections(): Promise<number> {
    return promisify(this.#server.getConnections.bind(this.#server))()
  }

  count(operation: string): number {
    return this.seen.filter((seen) => seen === operation).length
  }

  async #pass(
    request: IncomingMessage,
    response: ServerResponse,
    target: { host: string; port: string },
  ): Promise<void> {
    const { method = '', url = '' } = request
    const operation = operationOf(method, url)
    this.seen.push(operation)
    const fault = this.decide({ method, url, operation })

    if (fault?.kind === 'hang') return void request.resume()
    if (fault?.kind === 'reset') return void request.socket.resetAndDestroy()
    if (fault?.kind === 'drop') {
      request.once('data', () => request.socket.destroy())
      request.once('end', () => request.socket.destroy())
      return
    }
    const body = await buffer(request)
    if (fault?.kind === 'refuse') {
      const { status, code } = fault
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>so it is</Message></Error>`)
      return
    }
    if (fault?.kind === 'flip' && body.length > 0) {
      const at = Math.floor(body.length / 2)
      body.writeUInt8(body.readUInt8(at) ^ 1, at)
    }

    const { rawHeaders: headers } = request
    const forwarded = httpRequest({ ...target, method, path: url, headers, agent: false })
    forwarded.on('error', () => response.destroy())
    forwarded.end(body)
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage]
    if (fault?.kind === 'lose-answer') {
      await buffer(answer)
      request.socket.destroy()
      return
    }
    if (fault?.kind === 'cut-answer') {
      const half = (await buffer(answer)).subarray(0, Number(answer.headers['content-length']) / 2)
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      response.write(half, () => request.socket.destroy())
      return
    }
    if (fault?.kind === 'meanwhile') await fault.act()
    const changes = fault?.kind === 'answer' ? fault.headers : {}
    response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...changes })
    answer.pipe(response)
  }
}

function operationOf(method: string, url: string): string {
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1))
  if (method === 'HEAD') return 'HeadObject'
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload'
  if (method === 'POST' && query.has('uploadId')) return 'CompleteMultipartUpload'
  return query.get('x-id') ?? method
}
