/** Acts on each thing one after the other, in the order of asking. */
export class InTurn<K> {
  readonly #last = new Map<K, Promise<void>>()

  run<T>(key: K, act: () => Promise<T>): Promise<T> {
    const acted = (this.#last.get(key) ?? Promise.resolve()).then(act)
    const over = acted.then(
      () => undefined,
      () => undefined,
    )
    this.#last.set(key, over)
    void over.then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key)
    })
    return acted
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values())
  }
}
