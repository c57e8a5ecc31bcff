/** By the clock of who is greeted, and with the first name only. */
export function greeting(name: string, hour: number): string {
  const first = name.trim().split(/\s+/)[0] ?? ''
  const words =
    hour >= 5 && hour < 12 ? 'Good morning' : hour >= 12 && hour < 18 ? 'Good afternoon' : 'Good evening'
  return first === '' ? words : `${words}, ${first}`
}
