/** The pages of recordings, which come together when the first of them is needed. */
export { RecordingPage } from './recording-page.tsx'
export { RecordingsPage } from './recordings-page.tsx'
