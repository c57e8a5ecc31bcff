/** The mark: a gate half raised over moving water. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-ground" width="32" height="32" rx="9" />
      <path className="mark-gate" d="M9.5 8v5.5M16 8v9M22.5 8v5.5" />
      <path className="mark-water" d="M6.5 23c2.4-2.6 4.7-2.6 7.1 0s4.7 2.6 7.1 0 3.2-2.6 4.8-1.6" />
    </svg>
  )
}

export function Wordmark() {
  return (
    <span className="wordmark">
      <Mark />
      <span>Sluice</span>
    </span>
  )
}
