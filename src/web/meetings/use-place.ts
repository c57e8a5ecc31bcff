import { useSession } from '../api/session.ts'
import { isZone, ownZone, type Place } from './when.ts'

/** Where and in which language times are shown: as the account says, else as the browser is set. */
export function usePlace(): Place {
  const { account } = useSession()
  const { timeZone, language } = account?.settings ?? {}
  return {
    zone: timeZone !== undefined && isZone(timeZone) ? timeZone : ownZone(),
    language: language !== undefined && isLanguage(language) ? language : undefined,
  }
}

function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}
