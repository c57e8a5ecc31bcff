import type { Rule } from 'eslint'

export interface ImportRule {
  folder: string
  values: string[]
  types: string[]
  instead: string
}

export const importRules: ImportRule[]
export const whoMayImportWhom: Rule.RuleModule
export function whyNotImported(imported: {
  file: string
  source: string
  typeOnly: boolean
}): string | undefined
