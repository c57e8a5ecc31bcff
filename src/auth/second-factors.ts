import { randomInt } from 'node:crypto'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import { toString as toQrCode } from 'qrcode'
import type { Db } from '../db/database.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { Secret } from '../lib/ids.ts'
import type { SecretBox } from './secret-box.ts'
import {
  confirmSecondFactor,
  countSecondFactorTry,
  deleteSecondFactor,
  findSecondFactor,
  putUnconfirmedSecondFactor,
  replaceRecoveryCodes,
  takeRecoveryCode,
  takeStep,
  type SecondFactorRow,
} from './second-factors.store.ts'
import { hashOf } from './tokens.ts'

/** What an authenticator app is set up with. */
export interface SecondFactorSetUp {
  /** For typing it in, in base32. */
  readonly secret: string
  /** `otpauth://…` */
  readonly uri: string
  /** The same to scan: an SVG. */
  readonly qrSvg: string
}

const periodSeconds = 30
/** So many codes may be wrong in `triesMs` milliseconds before further ones are not looked at. */
const maxTries = 5
const triesMs = 15 * 60_000
const recoveryCodeCount = 10
/** Without those that are mistaken for each other. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Codes of an authenticator app (TOTP) beside the password, and recovery codes for when the phone is gone. */
export class SecondFactors {
  readonly #db: Db
  readonly #box: SecretBox

  constructor({ db, box }: { db: Db; box: SecretBox }) {
    this.#db = db
    this.#box = box
  }

  /** Throws `conflict` when one is in use. It counts only after `confirm`. */
  async begin({ id, email }: { id: string; email: string }): Promise<SecondFactorSetUp> {
    const secret = new OtpSecret({ size: 20 })
    const sealed = this.#box.seal(new Secret(secret.base32), contextOf(id))
    const isNew = await putUnconfirmedSecondFactor(this.#db, { accountId: id, secret: sealed })
    if (!isNew) throw new AppError('conflict', 'This account has a second factor. Remove that first.')
    const uri = new TOTP({ issuer: 'Sluice', label: email, secret, period: periodSeconds }).toString()
    const qrSvg = await toQrCode(uri, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 })
    return { secret: secret.base32, uri, qrSvg }
  }

  /** From now on log-ins need a code. Returns the recovery codes. Throws `conflict` or `forbidden`. */
  async confirm(accountId: string, code: string, now: Date): Promise<string[]> {
    const row = await findSecondFactor(this.#db, accountId)
    if (!row) throw new AppError('conflict', 'Begin with setting up a second factor.')
    if (row.confirmed_at) throw new AppError('conflict', 'This account has a second factor already.')
    if (!(await this.#takes(row, code, now))) throw wrongCode('forbidden')
    return this.#db.transaction().execute(async (trx) => {
      if (!(await confirmSecondFactor(trx, accountId, now))) {
        throw new AppError('conflict', 'This account has a second factor already.')
      }
      return this.#makeRecoveryCodes(trx, accountId)
    })
  }

  /**
   * Whether this is the code of now (or just before or after) or a recovery code; neither is taken twice. Throws
   * `rate-limited` after too many wrong ones.
   */
  async accepts(accountId: string, code: string, now: Date): Promise<boolean> {
    const row = await findSecondFactor(this.#db, accountId)
    if (!row?.confirmed_at) return false
    return this.#takes(row, code, now)
  }

  async isInUse(accountId: string): Promise<boolean> {
    return Boolean((await findSecondFactor(this.#db, accountId))?.confirmed_at)
  }

  /** New recovery codes; the older ones end. Throws `conflict` without a second factor. */
  async renewRecoveryCodes(accountId: string): Promise<string[]> {
    return this.#db.transaction().execute(async (trx) => {
      const row = await findSecondFactor(trx, accountId)
      if (!row?.confirmed_at) throw new AppError('conflict', 'This account has no second factor.')
      return this.#makeRecoveryCodes(trx, accountId)
    })
  }

  /** False when there was none in use. */
  remove(accountId: string, db: Queryable = this.#db): Promise<boolean> {
    return deleteSecondFactor(db, accountId)
  }

  async #takes(row: SecondFactorRow, code: string, now: Date): Promise<boolean> {
    const { account_id: accountId } = row
    const since = new Date(now.getTime() - triesMs)
    // Counted before it is looked at: of a thousand tries at once, five are.
    const tries = await countSecondFactorTry(this.#db, { accountId, now, since })
    if (tries > maxTries) {
      throw new AppError('rate-limited', 'Too many wrong codes. Try again in a quarter of an hour.', {
        max: maxTries,
        seconds: triesMs / 1000,
      })
    }
    const digits = code.replace(/[\s-]/g, '').toLowerCase()
    if (!/^\d{6}$/.test(digits)) return takeRecoveryCode(this.#db, accountId, hashOf(digits))
    const secret = OtpSecret.fromBase32(this.#box.open(row.secret, contextOf(accountId)).reveal())
    const timestamp = now.getTime()
    const delta = TOTP.validate({ token: digits, secret, period: periodSeconds, timestamp, window: 1 })
    if (delta === null) return false
    return takeStep(this.#db, accountId, TOTP.counter({ period: periodSeconds, timestamp }) + delta)
  }

  async #makeRecoveryCodes(db: Queryable, accountId: string): Promise<string[]> {
    const codes = Array.from({ length: recoveryCodeCount }, recoveryCode)
    const hashes = codes.map((code) => hashOf(code.replaceAll('-', '')))
    await replaceRecoveryCodes(db, accountId, hashes)
    return codes
  }
}

/** `forbidden` for somebody who is logged in. */
export function wrongCode(code: 'unauthorized' | 'forbidden'): AppError {
  return new AppError(code, 'This code is wrong, or was used before.', { why: 'wrong-code' })
}

/** `abcde-fghij-klmno`: 74 bits, too many to find one by its hash. */
function recoveryCode(): string {
  const part = (): string => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return `${part()}-${part()}-${part()}`
}

function contextOf(accountId: string): string {
  return `second-factor:${accountId}`
}
