import type { types } from 'mediasoup'
import type { ListenAddress } from '../config/addresses.ts'

/** Receive and send buffers asked of the kernel, in bytes: a key frame burst of many rooms fits. The kernel may grant less. */
export const socketBufferBytes = 4 * 1024 * 1024

/** Worker `index` takes UDP and TCP port `portBase + index` on every address; with base 0 the system chooses. */
export function listenInfos(
  listen: readonly ListenAddress[],
  portBase: number,
  index: number,
): types.TransportListenInfo[] {
  return listen.flatMap((address) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip: address.ip,
      ...(address.announcedAddress === undefined ? {} : { announcedAddress: address.announcedAddress }),
      ...(address.flags ? { flags: address.flags } : {}),
      ...(portBase === 0 ? {} : { port: portBase + index }),
      ...(protocol === 'udp' ? { sendBufferSize: socketBufferBytes, recvBufferSize: socketBufferBytes } : {}),
    })),
  )
}
