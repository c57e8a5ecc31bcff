import type { CrossProblem } from './load.ts'
import type { Config } from './schema.ts'

const filledIn = ['recordingId', 'roomId', 'meetingId', 'year', 'month', 'day']

/** Settings of storage that are wrong together, or that only a look at their text shows to be wrong. */
export function checkStorage(storage: Config['storage']): CrossProblem[] {
  const { kind, bucket, accessKeyId, secretAccessKey, sessionToken, encryption, kmsKeyId } = storage
  const problems: CrossProblem[] = [...checkTemplate(storage.keyTemplate)]
  for (const name of ['endpoint', 'publicEndpoint'] as const) {
    const text = storage[name]
    if (text === '' || ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '')) continue
    problems.push({
      settings: [`storage.${name}`],
      wrong: `${JSON.stringify(text)} is not a web address`,
      allowed: 'https://s3.example.org, http://127.0.0.1:9000 or the like, or empty for Amazon',
    })
  }
  // The keys may be there for other programs: whether they fit together matters only to who uses them.
  if (kind !== 's3') return problems
  if (bucket === '') {
    problems.push({
      settings: ['storage.bucket', 'storage.kind'],
      wrong: 'is missing: recordings are to be kept in a bucket',
      allowed: 'the name of a bucket, or storage.kind disk',
    })
  }
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    const missing = accessKeyId === '' ? 'storage.accessKeyId' : 'storage.secretAccessKey'
    problems.push({
      settings: [missing, 'storage.accessKeyId', 'storage.secretAccessKey'],
      wrong: 'is missing: the two go together',
      allowed: 'both storage.accessKeyId and storage.secretAccessKey, or neither',
    })
  }
  if (sessionToken !== '' && accessKeyId === '') {
    problems.push({
      settings: ['storage.sessionToken', 'storage.accessKeyId'],
      wrong: 'belongs to an access key, and there is none',
      allowed: 'empty, or storage.accessKeyId and storage.secretAccessKey with it',
    })
  }
  if (kmsKeyId !== '' && encryption !== 'aws:kms') {
    problems.push({
      settings: ['storage.kmsKeyId', 'storage.encryption'],
      wrong: `is not used with storage.encryption ${encryption}`,
      allowed: 'empty, or storage.encryption aws:kms',
    })
  }
  return problems
}

/** Two recordings must never have one prefix, and a key is to mean the same to everybody who reads it. */
function checkTemplate(template: string): CrossProblem[] {
  const problem = (wrong: string, allowed: string): CrossProblem[] => [
    { settings: ['storage.keyTemplate'], wrong: `${JSON.stringify(template)} ${wrong}`, allowed },
  ]
  const unknown = Array.from(template.matchAll(/\{([^{}]*)\}/g), ([, name = '']) => name).find(
    (name) => !filledIn.includes(name),
  )
  if (unknown !== undefined) {
    return problem(
      `has {${unknown}}, which nothing is known of`,
      filledIn.map((name) => `{${name}}`).join(', '),
    )
  }
  if (!template.includes('{recordingId}')) {
    return problem('has no {recordingId}: recordings would overwrite each other', 'a text with {recordingId}')
  }
  const rest = template.replace(/\{\w+\}/g, 'x')
  const isFine =
    /^[\w!.*'()/-]+$/.test(rest) && rest.split('/').every((piece) => !['', '.', '..'].includes(piece))
  if (isFine) return []
  return problem(
    'makes keys that not every service takes',
    "letters, digits, ! - _ . * ' ( ), and single slashes inside; no piece of it . or ..",
  )
}
