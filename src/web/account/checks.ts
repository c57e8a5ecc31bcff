/** What can be said about a form before the server has looked at it. The server decides. */

/** Generous: whether an address works is for a mail to find out. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$|^[^\s@]+@localhost$/.test(text.trim())
}

/** What to change about a new password; undefined when nothing is known against it. */
export function passwordProblem(
  password: string,
  { minLength, email = '' }: { minLength: number; email?: string },
): string | undefined {
  if ([...password].length < minLength) return `Take at least ${minLength} characters.`
  if (new Set(password).size < 4) return 'Take more different characters.'
  const name = email.trim().toLowerCase()
  if (name !== '' && password.toLowerCase() === name) return 'Take something else than your address.'
  return undefined
}
