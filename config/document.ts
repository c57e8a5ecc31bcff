import { stringify } from 'yaml'
import { listGroups, listSettings, type Setting, type SettingValue } from './setting-list.ts'

/** The settings as documents: a reference to read, and a file to start from. */

const intro = `Every setting with its bounds and what changing it does. Nothing has to be set: without a file Sluice starts in
development mode on this machine.

A setting is taken from the first of these that has it:

1. the environment variable in its row, with commas between the items of a list,
2. the YAML file \`config/sluice.yaml\`, or the one named by \`--config PATH\`; [sluice.sample.yaml](sluice.sample.yaml)
   is a complete one to copy,
3. its default.

Names that do not exist stop the start, in the file and as \`SLUICE_\` variables. Paths are relative to the folder
Sluice is started in. Changes take effect at the next start; \`npm run doctor\` checks them before.
`

/** `config/SETTINGS.md`. */
export function renderSettings(): string {
  const all = listSettings()
  const parts = [
    section(
      'General',
      '',
      all.filter(({ group }) => group === undefined),
    ),
    ...listGroups().map(({ name, description }) =>
      section(
        name,
        description,
        all.filter(({ group }) => group === name),
      ),
    ),
  ]
  return ['# Settings\n', intro, ...parts].join('\n')
}

function section(title: string, description: string, rows: readonly Setting[]): string {
  const lines = rows.map((setting) => {
    const cells = [
      code(setting.path),
      [setting.environment, setting.knownAs]
        .filter((name) => name !== undefined)
        .map(code)
        .join(' or '),
      setting.allowed,
      shownDefault(setting),
      setting.description,
    ]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  const head = [
    '| Setting | Environment variable | Allowed | Default | Effect |',
    '| --- | --- | --- | --- | --- |',
  ]
  return [`## ${title}\n`, ...(description ? [`${description}\n`] : []), ...head, ...lines, ''].join('\n')
}

function shownDefault(setting: Setting): string {
  if (setting.default === '' || (Array.isArray(setting.default) && setting.default.length === 0))
    return 'empty'
  return code(Array.isArray(setting.default) ? setting.default.join(', ') : String(setting.default))
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** `config/sluice.sample.yaml`: comments have a space after the `#`, settings have none. */
export function renderSample(): string {
  const all = listSettings()
  const lines = [
    '# A complete configuration. Copy it to config/sluice.yaml and take the # away in front of what you want to change.',
    '# Every setting stands here at its default. Paths are relative to the folder Sluice is started in.',
    '',
    ...all.filter(({ group }) => group === undefined).flatMap((setting) => sampleLines(setting, '')),
  ]
  for (const { name, description } of listGroups()) {
    lines.push(...comment(description, ''), `${name}:`)
    lines.push(...all.filter(({ group }) => group === name).flatMap((setting) => sampleLines(setting, '  ')))
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function sampleLines(setting: Setting, indent: string): string[] {
  return [
    ...comment(setting.description, indent),
    ...comment(`Allowed: ${setting.allowed}.`, indent),
    `${indent}#${setting.name}: ${yamlValue(setting.default)}`,
    '',
  ]
}

function yamlValue(value: SettingValue): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trimEnd()
}

/** Text as comment lines of at most 110 characters. */
function comment(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = `${indent}#`
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > 110 && !line.endsWith('#')) {
      lines.push(line)
      line = `${indent}#`
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
