import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

const favicon = readFileSync(join(import.meta.dirname, '..', 'web', 'public', 'favicon.svg'))

/** Where people read about the REST API, and programs get its document (`/api/docs/json`). Works without the internet. */
export async function serveApiDocs(app: FastifyInstance, document: object): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(swagger, {
      mode: 'static',
      specification: { document: document as never },
    })
    // Its page does not say so itself, and phones then show it as small as on a desk.
    scope.addHook('onSend', async (_request, _reply, payload) =>
      typeof payload === 'string' ? payload.replace('<meta charset="UTF-8">', `$&${viewport}`) : payload,
    )
    await scope.register(swaggerUi, {
      routePrefix: '/api/docs',
      uiConfig: {
        // Without a bar that loads other documents.
        layout: 'BaseLayout',
        docExpansion: 'none',
        deepLinking: true,
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        validatorUrl: null,
      } as object,
      theme: {
        title: 'Sluice REST API',
        css: [{ filename: 'sluice.css', content: style }],
        favicon: [
          {
            filename: 'favicon.svg',
            rel: 'icon',
            type: 'image/svg+xml',
            sizes: 'any',
            content: favicon as never,
          },
        ],
      },
      // It writes style attributes. Scripts are its own files only.
      staticCSP:
        "default-src 'self'; base-uri 'none'; frame-ancestors 'self'; img-src 'self' data:; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'",
    })
  })
}

const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'

/** Our colours, and room for what matters on a phone. */
const style = `
.swagger-ui .info { margin: 32px 0 16px; }
.swagger-ui .info .title { color: #0c2126; }
.swagger-ui .info a, .swagger-ui .info .link { color: #0b6570; }
.swagger-ui .scheme-container { padding: 12px 0; box-shadow: none; border-block: 1px solid #d5e0df; }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word; }
.swagger-ui .response-col_links { display: none; }
.swagger-ui .response-col_status { min-width: 4em; }
@media (max-width: 600px) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .opblock-tag { flex-wrap: wrap; padding: 10px 4px; }
  .swagger-ui .opblock-tag small { flex: 1 0 100%; order: 3; padding: 2px 0 0; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-path-description-wrapper { flex-basis: 60%; }
  .swagger-ui table.responses-table, .swagger-ui table.responses-table tbody, .swagger-ui table.responses-table tr,
  .swagger-ui table.responses-table td, .swagger-ui table.parameters, .swagger-ui table.parameters tbody,
  .swagger-ui table.parameters tr, .swagger-ui table.parameters td { display: block; width: auto; max-width: 100%; }
  .swagger-ui table.responses-table thead, .swagger-ui table.parameters thead { display: none; }
  .swagger-ui table.parameters td { padding: 4px 0; }
  .swagger-ui .response-col_status { padding: 16px 0 0; font-weight: 700; }
  .swagger-ui .response-col_description { padding: 4px 0; }
  .swagger-ui input, .swagger-ui select, .swagger-ui textarea { max-width: 100%; }
}
`
