import { Type } from 'typebox'
import type { Config } from '../../config/schema.ts'
import type { Api } from './api.ts'

/** What a client has to know of this server before anybody logged in. */
export function serverRoutes(api: Api, { config, version }: { config: Config; version: string }): void {
  api.add(
    'GET',
    '/server',
    'anyone',
    {
      id: 'getServer',
      tag: 'Server',
      about: 'What this server offers to whom.',
      answer: Type.Object(
        {
          version: Type.String({ examples: ['1.0.0'] }),
          mode: Type.Unsafe<Config['mode']>({ type: 'string', enum: ['development', 'production'] }),
        },
        { title: 'Server' },
      ),
    },
    async () => ({ version, mode: config.mode }),
  )
}
