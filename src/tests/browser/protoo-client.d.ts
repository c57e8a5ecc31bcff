/** What the demo client uses of protoo-client, which brings no types. */
declare module 'protoo-client' {
  export class WebSocketTransport {
    constructor(url: string)
  }
  interface Request {
    readonly method: string
    readonly data: Record<string, unknown>
  }
  export class Peer {
    constructor(transport: WebSocketTransport)
    request(method: string, data?: object): Promise<Record<string, unknown>>
    notify(method: string, data?: object): Promise<void>
    close(): void
    on(event: 'open' | 'close' | 'disconnected' | 'failed', listener: () => void): void
    on(event: 'notification', listener: (notification: Request) => void): void
    on(
      event: 'request',
      listener: (
        request: Request,
        accept: (data?: object) => void,
        reject: (code: number, reason: string) => void,
      ) => void,
    ): void
  }
}
