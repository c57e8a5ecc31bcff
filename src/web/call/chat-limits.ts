/** Characters of one message: far below what a data channel takes, far above what people write. */
export const longestMessage = 4000
