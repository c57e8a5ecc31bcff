import type { LocalTrack } from './track.ts'
import type { CreateLocalTracksOptions, ScreenShareOptions } from './types.ts'

/**
 * Captures camera and microphone without a room, for a preview; publish the same tracks later with
 * `localParticipant.publishTrack`. One question for permission. If one of the two fails, the error says so and nothing is
 * captured: ask for the other alone then.
 *
 * @throws {SluiceError} `permission-denied`, `device-not-found`, `device-in-use`, `device-unsuitable`, `insecure-context`.
 */
export async function createLocalTracks(_options: CreateLocalTracksOptions = {}): Promise<LocalTrack[]> {
  throw new Error('not implemented yet')
}

/** Lets the person pick a screen, window or tab. The second track is its sound, if asked for and offered. */
export async function createScreenTracks(_options: ScreenShareOptions = {}): Promise<LocalTrack[]> {
  throw new Error('not implemented yet')
}

/**
 * Lists cameras, microphones and speakers, or one kind of them. Names are empty before permission was given once;
 * `requestPermissions` asks for it.
 */
export async function getLocalDevices(
  _kind?: MediaDeviceKind,
  _requestPermissions = false,
): Promise<MediaDeviceInfo[]> {
  throw new Error('not implemented yet')
}
