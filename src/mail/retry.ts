/** Minutes from one try to the next: quick at first, since people wait for mails, and about a day in all. */
const pausesMinutes = [0.5, 2, 5, 15, 45, 120, 240, 420, 600]

/** When a mail that failed `attempts` times is tried again; undefined when it is given up. */
export function nextAttempt(attempts: number, now: Date): Date | undefined {
  const minutes = pausesMinutes[attempts - 1]
  return minutes === undefined ? undefined : new Date(now.getTime() + minutes * 60_000)
}
