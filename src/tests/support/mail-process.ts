// A process that opens a database and sends the mails that are due in it, until it is killed or its standard input ends.
import { SecretBox } from '../../auth/secret-box.ts'
import { openDatabase } from '../../db/database.ts'
import { createLog } from '../../lib/log.ts'
import { Mailer } from '../../mail/mailer.ts'

const [dataDir = '', url = '', smtpUrl = ''] = process.argv.slice(2)
const log = createLog({ level: 'silent', pretty: false })
const db = await openDatabase({ dataDir, url, log })
const box = await SecretBox.create({ dataDir, encryptionKey: '' })
const config = { mode: 'production', dataDir, mail: { smtpUrl, from: 'sluice@example.org' } } as const
const mailer = await Mailer.create({ config, db, box, log })
process.stdout.write('open\n')
for await (const _ of process.stdin);
await mailer.close()
await db.close()
