export function cacheFolder(env?: NodeJS.ProcessEnv): string
export function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options?: { waiting?: () => void },
): Promise<T>
