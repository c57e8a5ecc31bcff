/**
 * The cores a recorder may use without taking from media workers: those that no worker is on. Empty when there are none; then
 * only its lower priority keeps it out of their way.
 */
export function spareCores(usable: readonly number[], taken: readonly number[]): number[] {
  const isTaken = new Set(taken)
  return usable.filter((core) => !isTaken.has(core))
}
