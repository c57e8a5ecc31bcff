/**
 * Types that pg and PGlite read differently, by their number in PostgreSQL's catalogue. Counts and sizes stay far below 2^53;
 * a day without a time is no moment, so it stays text.
 */
export const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  /** bigint */
  20: Number,
  /** date */
  1082: (text) => text,
}
