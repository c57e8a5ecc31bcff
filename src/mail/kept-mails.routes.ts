import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../lib/app-error.ts'
import { framedHtml, framedPolicy, listPage, mailPage, mailsPath, style } from './kept-mails.page.ts'
import { KeptMails, type KeptMail } from './kept-mails.ts'

export interface KeptMailsSources {
  readonly dataDir: string
  /** Whether somebody at this machine asks: mails hold links that let people in. */
  readonly isLocal: (request: FastifyRequest) => boolean
}

interface Named {
  Params: { name: string; index?: string }
}

/** The mails that were kept, as pages. */
export async function keptMailsRoutes(
  app: FastifyInstance,
  { dataDir, isLocal }: KeptMailsSources,
): Promise<void> {
  const mails = new KeptMails(dataDir)
  app.addHook('onRequest', async (request, reply) => {
    // Whoever may not look is not told that there is something.
    if (!isLocal(request)) throw new AppError('not-found', `There is nothing at ${mailsPath}.`)
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
  })
  const send = (reply: FastifyReply, page: unknown) =>
    reply.type('text/html; charset=utf-8').send(String(page))

  app.get(mailsPath, async (_request, reply) => send(reply, listPage(await mails.list())))
  app.get(`${mailsPath}/style.css`, (_request, reply) => reply.type('text/css').send(String(style)))
  app.get<Named>(`${mailsPath}/:name`, async (request, reply) =>
    send(reply, mailPage(await find(mails, request.params.name))),
  )
  app.get<Named>(`${mailsPath}/:name/html`, async (request, reply) => {
    const mail = await find(mails, request.params.name)
    reply.header('content-security-policy', framedPolicy)
    return send(reply, framedHtml(mail.html ?? ''))
  })
  app.get<Named>(`${mailsPath}/:name/attachments/:index`, async (request, reply) => {
    const mail = await find(mails, request.params.name)
    const attachment = mail.attachments?.[Number(request.params.index)]
    if (attachment === undefined) throw new AppError('not-found', 'There is no such attachment.')
    // Never shown here, whatever it calls itself: the name is in the link.
    return reply
      .type('application/octet-stream')
      .header('content-disposition', 'attachment')
      .send(attachment.content)
  })
}

async function find(mails: KeptMails, name: string): Promise<KeptMail> {
  const mail = await mails.find(name)
  if (mail === undefined) throw new AppError('not-found', 'There is no such mail.')
  return mail
}
