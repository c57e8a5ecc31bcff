import type { Config } from '../../config/schema.ts'
import { StorageError, type StorageErrorCode } from './storage-error.ts'

/** The settings that a failure is explained by. */
export type StorageSettings = Config['storage']

const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody answers there: is the service running, and storage.endpoint right?',
  ENOTFOUND: 'There is no host of that name: look at storage.endpoint, and whether this server finds names.',
  EAI_AGAIN: 'Its name cannot be looked up at the moment: look at the name servers of this machine.',
  ECONNRESET: 'The connection broke off.',
  EPIPE: 'The connection broke off.',
  ETIMEDOUT: 'It does not answer in time.',
  EHOSTUNREACH: 'There is no way to it in the network.',
  ENETUNREACH: 'There is no way to it in the network.',
  EPROTO: 'It does not speak TLS there: should storage.endpoint begin with http:// or have another port?',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'Nobody vouches for its certificate: name the authority in NODE_EXTRA_CA_CERTS.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Nobody vouches for its certificate: name the authority in NODE_EXTRA_CA_CERTS.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'Nobody vouches for its certificate: name the authority in NODE_EXTRA_CA_CERTS.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Nobody vouches for its certificate: name the authority in NODE_EXTRA_CA_CERTS.',
}

/** What services say, and what it means for who has to mend it. */
const refusals: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch:
    'It does not take our signature: storage.secretAccessKey does not belong to storage.accessKeyId, or storage.region is another.',
  InvalidAccessKeyId: 'It does not know storage.accessKeyId.',
  AuthorizationHeaderMalformed: 'The bucket is in another region than storage.region.',
  PermanentRedirect:
    'The bucket is in another region than storage.region, or needs another storage.endpoint.',
  IllegalLocationConstraintException: 'The bucket is in another region than storage.region.',
  ExpiredToken: 'The temporary credentials are over: storage.sessionToken has to be renewed.',
  InvalidToken: 'storage.sessionToken is not valid.',
  NoSuchBucket: 'There is no such bucket: make it, or correct storage.bucket.',
  RequestTimeTooSkewed: 'The clock of this server is wrong by more than it allows: set the clock.',
  NotImplemented: 'The service cannot do something that is asked for: is storage.encryption none?',
  QuotaExceeded: 'The quota is used up.',
  XMinioStorageFull: 'The service has no room left.',
  CredentialsProviderError:
    'No credentials were found: set storage.accessKeyId and storage.secretAccessKey, or give this machine a role.',
}

const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'EntityTooLarge'])
const busy = new Set(['SlowDown', 'ServiceUnavailable', 'TooManyRequests', 'Throttling', 'RequestTimeout'])

/** What a bucket that is looked for in the wrong place looks like. */
const misplaced = new Set(['ENOTFOUND', 'NoSuchBucket', 'ERR_TLS_CERT_ALTNAME_INVALID'])

/**
 * An error of the service or of the way to it, in words somebody can act on. What is one already stays as it is.
 * `permission` is what the credentials need for what was asked.
 */
export function explain(error: unknown, storage: StorageSettings, permission?: string): StorageError {
  if (error instanceof StorageError) return error
  const where = `${storage.bucket} at ${endpointName(storage)}`
  const { code, words } = classify(error, permission)
  const { name, code: systemCode } = factsOf(error)
  const isMisplaced = misplaced.has(name) || misplaced.has(systemCode)
  const hint =
    isMisplaced && storage.endpoint !== '' && !storage.pathStyle
      ? ' Or the service wants storage.pathStyle true.'
      : ''
  return new StorageError(code, `${where}: ${words}${hint}`, { cause: error })
}

function classify(error: unknown, permission?: string): { code: StorageErrorCode; words: string } {
  const { name, message, code, status } = factsOf(error)
  const system = systemErrors[code] ?? systemErrors[name]
  if (system !== undefined) return { code: 'away', words: `${system} (${code || name})` }
  if (name === 'TimeoutError') return { code: 'away', words: 'It does not answer in time.' }
  if (name === 'NoSuchKey' || name === 'NotFound')
    return { code: 'missing', words: 'There is no such object.' }
  if (name === 'InvalidRange' || status === 416) return { code: 'range', words: 'The object is shorter.' }
  // Ceph calls it InvalidAccessKeyId, and InvalidArgument where it wants to be told one.
  if (name.startsWith('KMS') || /\bkms\b/i.test(message)) {
    return { code: 'refused', words: `The key of storage.kmsKeyId cannot be used. (${name}: ${message})` }
  }
  const refusal = refusals[name]
  if (refusal !== undefined) {
    return { code: full.has(name) ? 'full' : 'refused', words: `${refusal} (${name})` }
  }
  if (status === 507) return { code: 'full', words: 'The service has no room left. (507)' }
  if (busy.has(name) || status === 503 || status === 429) {
    return { code: 'away', words: `It is busy. (${status || name})` }
  }
  if (status >= 500) return { code: 'away', words: `It has a fault of its own. (${status} ${name})` }
  if (status === 401 || status === 403) {
    const what = permission === undefined ? '' : `, which needs ${permission}`
    return {
      code: 'refused',
      words: `The credentials may not do this${what}: docs/storage.md lists the permissions. (${status} ${name})`,
    }
  }
  if (status >= 300) return { code: 'refused', words: `It answers ${status} ${name}: ${message}` }
  return { code: 'away', words: message === '' ? name : `${name}: ${message}` }
}

/** What only disks say. Node does not tell of which file where one that is open is written. */
const diskErrors = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])

/** A file of ours that cannot be read or written: not a fault of the bucket. Undefined for what is something else. */
export function localFailure(error: unknown): StorageError | undefined {
  const { syscall, path, code } = error as NodeJS.ErrnoException
  // Errors of sockets have a syscall, too, and no path.
  if (syscall === undefined || code === undefined) return undefined
  if (path === undefined && !diskErrors.has(code)) return undefined
  const failure = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'local'
  const where = path ?? 'A file'
  return new StorageError(failure, `${where} on this server: ${syscall} failed with ${code}.`, {
    cause: error,
  })
}

function endpointName({ endpoint, region }: StorageSettings): string {
  if (endpoint === '') return `Amazon S3 ${region}`
  return URL.parse(endpoint)?.host ?? endpoint
}

/** Name, status and code of an error of the SDK or of Node; a failed connection to several addresses has them inside. */
export function factsOf(error: unknown): { name: string; message: string; code: string; status: number } {
  const found = error as {
    name?: unknown
    message?: unknown
    code?: unknown
    errors?: unknown
    $metadata?: { httpStatusCode?: unknown }
  }
  const inner = Array.isArray(found.errors) ? (found.errors[0] as { code?: unknown } | undefined) : undefined
  const code = found.code ?? inner?.code
  return {
    name: typeof found.name === 'string' ? found.name : 'Error',
    message: typeof found.message === 'string' ? found.message : String(error),
    code: typeof code === 'string' ? code : '',
    status: Number(found.$metadata?.httpStatusCode ?? 0),
  }
}
