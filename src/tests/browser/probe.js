// Runs before any script of the page: remembers every RTCPeerConnection, whoever makes it, so that a test can ask what
// really arrives, whatever the page says.
const connections = []
const Native = globalThis.RTCPeerConnection
globalThis.RTCPeerConnection = class extends Native {
  constructor(...options) {
    super(...options)
    connections.push(this)
  }
}

/** One entry for each received track that is still in a live connection. */
globalThis.received = async () => {
  const tracks = []
  for (const connection of connections) {
    if (connection.connectionState === 'closed') continue
    for (const report of (await connection.getStats()).values()) {
      // mediasoup-client keeps a receiver that only measures bandwidth.
      if (report.type !== 'inbound-rtp' || report.mid === 'probator') continue
      const {
        kind,
        mid,
        trackIdentifier,
        framesDecoded = 0,
        frameWidth,
        frameHeight,
        totalAudioEnergy = 0,
      } = report
      const { packetsReceived = 0, packetsLost = 0, jitter = 0, freezeCount = 0 } = report
      tracks.push({
        kind,
        mid,
        trackIdentifier,
        framesDecoded,
        frameWidth,
        frameHeight,
        totalAudioEnergy,
        packetsReceived,
        packetsLost,
        jitter,
        freezeCount,
      })
    }
  }
  return tracks
}

/** One entry for each encoding that is being sent. */
globalThis.sent = async () => {
  const encodings = []
  for (const connection of connections) {
    if (connection.connectionState === 'closed') continue
    const reports = [...(await connection.getStats()).values()]
    for (const report of reports) {
      if (report.type !== 'outbound-rtp') continue
      const codec = reports.find((other) => other.id === report.codecId)
      const {
        kind,
        rid,
        packetsSent = 0,
        framesEncoded = 0,
        frameWidth,
        frameHeight,
        active,
        scalabilityMode,
      } = report
      encodings.push({
        kind,
        rid,
        packetsSent,
        framesEncoded,
        frameWidth,
        frameHeight,
        active,
        scalabilityMode,
        codec: codec?.mimeType,
      })
    }
  }
  return encodings
}

globalThis.connectionCount = () =>
  connections.filter((connection) => connection.connectionState !== 'closed').length
