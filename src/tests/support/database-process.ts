// A process that opens a database, says so, and keeps it open until its standard input ends: for tests of two of them.
import { openDatabase } from '../../db/database.ts'
import { createLog } from '../../lib/log.ts'

const [dataDir = '', url] = process.argv.slice(2)
const db = await openDatabase({ dataDir, url, log: createLog({ level: 'silent', pretty: false }) })
process.stdout.write('open\n')
for await (const _ of process.stdin);
await db.close()
