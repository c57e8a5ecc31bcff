import { isApiError } from '../api/errors.ts'
import { ErrorNote, Note } from '../ui/feedback.tsx'

/** What went wrong where the password was asked for once more. */
export function WrongPassword({ error }: { error: unknown }) {
  const why = isApiError(error) ? error.data['why'] : undefined
  if (why === 'wrong-password') return <Note kind="error">The password is wrong.</Note>
  if (why === 'wrong-code')
    return <Note kind="error">The code is wrong or has expired. Enter the one shown now.</Note>
  return <ErrorNote error={error} />
}
