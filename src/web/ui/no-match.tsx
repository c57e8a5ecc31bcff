import { Search } from 'lucide-react'
import { EmptyState } from './feedback.tsx'
import { setAddressQuery } from './router.ts'

interface NoMatchProps {
  readonly title: string
  /** On the button that takes the filters off. */
  readonly showAll: string
  /** Their names in the address. */
  readonly filters: readonly string[]
}

/** In the place of a list that has nothing for the filters in the address. */
export function NoMatch({ title, showAll, filters }: NoMatchProps) {
  const takeOff = () => setAddressQuery(Object.fromEntries(filters.map((name) => [name, undefined])))
  return (
    <EmptyState
      icon={<Search size={24} aria-hidden />}
      title={title}
      action={
        <button type="button" className="button" onClick={takeOff}>
          {showAll}
        </button>
      }
    />
  )
}
