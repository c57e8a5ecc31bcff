import type { CloseReason } from '../protocol/close-reasons.ts'
import type {
  NotificationData,
  NotificationMethod,
  ServerMethod,
  ServerRequestInput,
  ServerRequestOutput,
} from '../protocol/server-messages.ts'

/**
 * How a room reaches the client behind a peer. A WebSocket session is one; whatever joins a room without a socket
 * (a recorder, a test) implements the same three functions.
 */
export interface PeerChannel {
  /** Whether the client speaks our additions to the demo dialect. */
  readonly extended: boolean
  /** Asks the client and resolves with its valid answer; rejects when it refuses, does not answer, or is gone. */
  request<M extends ServerMethod>(method: M, data: ServerRequestInput<M>): Promise<ServerRequestOutput<M>>
  notify<M extends NotificationMethod>(method: M, data: NotificationData<M>): void
  /** The peer is closed, or was not let in: end the connection and say why. `message` is a moderator's. */
  peerClosed(reason: CloseReason, message?: string): void
}
