import { posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))

/**
 * Who may import whom (DESIGN.md), as an ESLint rule.
 *
 * For each folder: the folders of ours whose values it may use, the ones of which it may use types, and what to do
 * instead. What a folder has values of, it has types of. A folder that is not listed (main.ts, app.ts, src/http, scripts)
 * puts parts together and may import all of them. Tests may, too.
 */
export const importRules = [
  {
    folder: 'config',
    values: [],
    types: ['src/lib', 'src/protocol'],
    instead: 'Settings depend on nothing; let the caller pass what is needed.',
  },
  {
    folder: 'src/lib',
    values: [],
    types: ['config', 'src/protocol'],
    instead: 'lib knows nothing of the rest; move the code to the folder that it is about.',
  },
  {
    folder: 'src/protocol',
    values: ['src/lib'],
    types: ['config'],
    instead: 'Messages depend on nothing that happens; move the code to the folder that acts on them.',
  },
  {
    folder: 'workers',
    values: ['src/lib'],
    types: ['config'],
    instead: 'Workers know nothing of rooms, peers or HTTP; let the caller pass a value or a function.',
  },
  {
    folder: 'recorder',
    values: ['src/lib'],
    types: ['config'],
    instead:
      'The recorder knows nothing of HTTP, users or SQL; let src/recordings pass a value or a function.',
  },
  {
    folder: 'src/rooms',
    values: ['src/lib', 'src/protocol'],
    types: ['config', 'workers', 'src/http', 'src/audit'],
    instead: 'Rooms are handed workers by app.ts and announce what happens by events; the others listen.',
  },
  {
    folder: 'src/db',
    values: ['src/lib'],
    types: ['config'],
    instead: 'The database knows tables and migrations only; let the store of a feature ask it.',
  },
  {
    folder: 'src/auth',
    values: ['src/lib', 'src/protocol', 'src/db'],
    types: ['config', 'src/http', 'src/audit', 'src/mail'],
    instead: 'Accounts and tokens know nothing of rooms or media; join the two in src/session or app.ts.',
  },
  {
    folder: 'src/mail',
    values: ['src/lib', 'src/db'],
    types: ['config', 'src/auth/secret-box.ts'],
    instead: 'Mail knows nothing of who sends it; what a mail says belongs to the feature that sends it.',
  },
  {
    folder: 'src/audit',
    values: ['src/lib', 'src/protocol', 'src/db'],
    types: ['config', 'src/http'],
    instead: 'The audit log knows nothing of the acts in it; features are handed its record function.',
  },
  {
    folder: 'src/meetings',
    values: ['src/lib', 'src/protocol', 'src/db'],
    types: ['config', 'src/http', 'src/auth', 'src/audit', 'src/mail'],
    instead: 'Meetings are handed live rooms, tokens and mail by app.ts, as small interfaces.',
  },
  {
    folder: 'src/chat',
    values: ['src/lib', 'src/protocol', 'src/db'],
    types: ['config', 'src/auth'],
    instead: 'Chat knows nothing of rooms or media; join the two in src/session or app.ts.',
  },
  {
    folder: 'src/recordings',
    values: ['src/lib', 'src/protocol', 'src/db', 'recorder'],
    types: ['config', 'src/rooms', 'src/auth', 'src/http', 'src/audit'],
    instead: 'A recording joins a room as an observer that app.ts hands over.',
  },
  {
    folder: 'src/session',
    values: ['src/lib', 'src/protocol', 'src/auth', 'src/rooms'],
    types: ['config'],
    instead: "A feature's handlers are merged into the session in app.ts.",
  },
  {
    folder: 'src/sdk',
    values: [],
    types: ['src/lib', 'src/protocol'],
    instead:
      'The SDK runs in browsers: it may know the types of the messages and nothing else of the server.',
  },
  {
    folder: 'src/web',
    values: ['src/sdk/index.ts'],
    types: [],
    instead: "The web app uses what anyone's app may use: the SDK (sluice-client) and the REST API.",
  },
]

/** Nobody is measured by calling the measurer: observe listens, and only app.ts knows it. */
const observers = ['src/observe']

/** mediasoup's program is started in one place; the others get what they need handed over. */
const mediasoupUsers = ['workers', 'src/tests']

/**
 * Why this import is not allowed, or undefined if it is.
 *
 * @param {{ file: string, source: string, typeOnly: boolean }} imported `file` is relative to the project, with slashes
 */
export function whyNotImported({ file, source, typeOnly }) {
  if (/\.test\.tsx?$/.test(file)) return undefined

  if (source === 'mediasoup' || source.startsWith('mediasoup/')) {
    if (typeOnly || isIn(file, mediasoupUsers)) return undefined
    return 'Only workers/ imports mediasoup at run time. Use "import type", or let workers/ hand over what is needed.'
  }
  if (!source.startsWith('.')) return undefined

  const target = posix.normalize(posix.join(posix.dirname(file), source))
  if (
    isIn(target, observers) &&
    !isIn(file, [...observers, 'src/app.ts', 'src/main.ts', 'src/http', 'src/tests', 'scripts'])
  ) {
    return 'src/observe watches and is never called by what it measures. Announce an event; app.ts lets observe listen.'
  }

  const rule = importRules.find(({ folder }) => isIn(file, [folder]))
  if (rule === undefined || isIn(target, [rule.folder, ...rule.values])) return undefined
  if (isIn(target, rule.types)) {
    return typeOnly
      ? undefined
      : `${rule.folder} may use only types of ${folderOf(target)}: "import type". ${rule.instead}`
  }
  return `${rule.folder} may not import ${folderOf(target)}. ${rule.instead}`
}

/** @param {string} path @param {readonly string[]} folders */
function isIn(path, folders) {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
}

/** @param {string} path */
function folderOf(path) {
  const [first = '', second = ''] = path.split('/')
  return first === 'src' && !second.includes('.') ? `src/${second}` : first
}

/** @type {import('eslint').Rule.RuleModule} */
export const whoMayImportWhom = {
  meta: { type: 'problem', schema: [], messages: { forbidden: '{{why}}' } },
  create(context) {
    const file = relative(project, context.filename).split(sep).join('/')

    /** @param {any} node */
    const check = (node) => {
      if (typeof node.source?.value !== 'string') return
      const why = whyNotImported({ file, source: node.source.value, typeOnly: isTypeOnly(node) })
      if (why !== undefined) context.report({ node: node.source, messageId: 'forbidden', data: { why } })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}

/** @param {any} node */
function isTypeOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true
  const specifiers = node.specifiers ?? []
  return (
    specifiers.length > 0 &&
    specifiers.every(
      (/** @type {any} */ specifier) => specifier.importKind === 'type' || specifier.exportKind === 'type',
    )
  )
}
