/** Does `act` for each item, so many at a time. What fails does not keep the others from being done; then the first error is thrown. */
export async function mapLimit<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const errors: unknown[] = []
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await act(item).catch((error: unknown) => errors.push(error))
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (errors.length > 0) throw errors[0]
}
