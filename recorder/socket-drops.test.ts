import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSocketDrops, portsKey } from './socket-drops.ts'

test('drops are read from the table of the kernel', () => {
  const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  123: 0100007F:9C41 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 17
  124: 0100007F:9C42 0100007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 1235 2 0000000000000000 0
`
  const drops = parseSocketDrops(table)
  assert.equal(drops.get(portsKey({ local: 40_001, remote: 50_000 })), 17)
  assert.equal(drops.size, 1)
  assert.equal(parseSocketDrops('').size, 0)
})
