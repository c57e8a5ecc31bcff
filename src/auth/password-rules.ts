import { AppError } from '../lib/app-error.ts'

export const passwordMaxLength = 256

/** What people choose first, and what guessers try first. In lower case, without digits and signs at the end. */
const common = new Set([
  'password', 'passwort', 'motdepasse', 'contraseña', 'hunter', 'qwerty', 'qwertz', 'azerty', 'qwertyuiop', 'qwertzuiop',
  'azertyuiop', 'asdfghjkl', 'letmein', 'iloveyou', 'welcome', 'willkommen', 'bienvenue', 'administrator', 'admin',
  'changeme', 'change-me', 'trustnoone', 'sunshine', 'princess', 'football', 'baseball', 'superman', 'dragon', 'monkey',
  'sluice', 'secret', 'geheim', 'abc', 'abcdefgh', 'abcdefghij', 'hallo', 'hello', 'test', 'passwordpassword', 'schalke',
]) // prettier-ignore

/** Throws `bad-request` that says what is wrong with a new password; `data.why` for programs. */
export function assertGoodPassword(
  password: string,
  { minLength, email, path = 'body.password' }: { minLength: number; email: string; path?: string },
): void {
  const refuse = (why: string, message: string): never => {
    throw new AppError('bad-request', message, { path, why })
  }
  const length = [...password].length
  if (length < minLength) refuse('too-short', `A password needs at least ${minLength} characters.`)
  if (length > passwordMaxLength)
    refuse('too-long', `A password has at most ${passwordMaxLength} characters.`)
  if (isCommon(password, email)) refuse('too-common', 'This password is too easy to guess.')
}

function isCommon(password: string, email: string): boolean {
  const text = password.toLowerCase().trim()
  const core = text.replace(/[^\p{L}]+$/u, '')
  const [local = ''] = email.split('@')
  const own = [email, local].map((word) => word.toLowerCase())
  return core === ''
    ? isPattern(text)
    : isPattern(text) || common.has(core) || [text, core].some((one) => own.includes(one))
}

/** One or two characters over and over, or a run like 1234567890. */
function isPattern(text: string): boolean {
  if (new Set(text).size <= 2) return true
  return '01234567890123456789'.includes(text) || '98765432109876543210'.includes(text)
}
