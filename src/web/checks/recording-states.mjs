// The states of the pages of recordings that are looked at and checked.
const click = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click()
const more = (id) => async (page) => {
  await page.getByTestId('recording-more').click()
  await page.getByTestId(id).click()
}
const playing = async (page) => {
  await page.getByTestId('play').click()
  await page.waitForFunction('document.querySelector("video").currentTime > 0.3')
  await page.getByTestId('seek').focus()
  for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight')
  const box = await page.getByTestId('seek').boundingBox()
  await page.mouse.move(box.x + box.width * 0.62, box.y + box.height / 2)
  await page.waitForTimeout(400)
}

export const recordingStates = {
  recordings: { at: '/recordings', as: 'host' },
  'recordings-admin': { at: '/recordings?of=all&meeting=mtg_2', as: 'admin', mood: 'long' },
  'recordings-empty': { at: '/recordings', as: 'host', mood: 'empty' },
  'recordings-none': { at: '/recordings?state=failed', as: 'host', mood: 'empty' },
  'recordings-slow': { at: '/recordings', as: 'host', mood: 'slow' },
  'recordings-failing': { at: '/recordings', as: 'host', mood: 'failing' },
  'recording-ready': { at: '/recordings/rec_ready', as: 'host' },
  'recording-playing': { at: '/recordings/rec_ready', as: 'host', act: playing },
  'recording-long': { at: '/recordings/rec_long?t=5025', as: 'host', act: playing },
  'recording-keys': { at: '/recordings/rec_ready', as: 'host', act: (page) => page.keyboard.press('?') },
  'recording-broken': {
    at: '/recordings/rec_ready',
    as: 'host',
    act: async (page) => {
      await page.route('**/demo.mp4', (route) => route.abort())
      await page.evaluate('document.querySelector("video").load()')
      await page.waitForTimeout(1500)
    },
  },
  'recording-viewer': { at: '/recordings/rec_seen', as: 'member' },
  'recording-sound': { at: '/recordings/rec_sound', as: 'host', act: playing },
  'recording-versions': { at: '/recordings/rec_versions', as: 'host', act: click('Show') },
  'recording-live': { at: '/recordings/rec_live', as: 'host' },
  'recording-processing': { at: '/recordings/rec_processing', as: 'host' },
  'recording-failed': { at: '/recordings/rec_failed', as: 'host' },
  'recording-empty': { at: '/recordings/rec_empty', as: 'host' },
  'recording-unknown': { at: '/recordings/none', as: 'host' },
  'recording-download': { at: '/recordings/rec_versions', as: 'host', act: click('Download') },
  'recording-more': { at: '/recordings/rec_ready', as: 'host', act: click('More for this recording') },
  'recording-rename': { at: '/recordings/rec_ready', as: 'host', act: more('rename') },
  'recording-version': { at: '/recordings/rec_ready', as: 'host', act: more('version') },
  'recording-delete': { at: '/recordings/rec_ready', as: 'host', act: more('delete') },
  'recording-expiry': { at: '/recordings/rec_ready', as: 'host', act: click('Change') },
  share: { at: '/recordings/rec_ready', as: 'host', act: click('Share') },
  'share-made': {
    at: '/recordings/rec_ready',
    as: 'host',
    act: async (page) => {
      await click('Share')(page)
      await click('Make a link')(page)
    },
  },
  shared: { at: '/recordings/shared/good' },
  'shared-over': { at: '/recordings/shared/old' },
}
