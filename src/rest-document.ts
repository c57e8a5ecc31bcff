import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { renderOpenApi } from './http/openapi.ts'
import { restEndpoints } from './rest.ts'

const root = join(import.meta.dirname, '..')

/** docs/openapi.json: the REST API as a server without any configuration has it. Starts none. */
export function renderRest(): string {
  // A folder in which nobody keeps a configuration.
  const { config } = loadConfig({ argv: [], env: {}, cwd: import.meta.dirname })
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return JSON.stringify(renderOpenApi(restEndpoints(config), { version }), undefined, 2)
}
