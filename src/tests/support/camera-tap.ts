import type { AddTap } from '../../../recorder/messages.ts'

/** What a recorder is asked for, to record Ana's camera: VP8 that comes from a port of 127.0.0.1. */
export function cameraTap(
  recordingId: string,
  {
    fromPort,
    trackId = 't1',
    payloadType = 101,
  }: { fromPort: number; trackId?: string; payloadType?: number },
): AddTap {
  return {
    recordingId,
    trackId,
    participantId: 'ana',
    displayName: 'Ana',
    source: 'camera',
    mimeType: 'video/VP8',
    clockRate: 90_000,
    payloadType,
    from: { ip: '127.0.0.1', port: fromPort },
  }
}
