import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { calendarType } from './calendar.ts'
import type { Feeds } from './feeds.ts'
import { meetingId } from './shapes.ts'

const tag = 'Meetings'
const CalendarFile = Type.String({ description: 'A calendar of RFC 5545.' })
/** Calendar programs may keep a feed for so long, in seconds. */
const cacheSeconds = 300

export function calendarRoutes(api: Api, { feeds }: { feeds: () => Promise<Feeds> }): void {
  api.add(
    'GET',
    '/meetings/:meetingId/calendar.ics',
    'member',
    {
      id: 'getCalendarFile',
      tag,
      about: 'The meeting as a file for calendar programs.',
      params: Type.Object({ meetingId }),
      answer: CalendarFile,
      sends: calendarType,
      errors: ['not-found'],
    },
    async ({ params, caller, reply }) => {
      reply.header('content-disposition', 'attachment; filename="meeting.ics"')
      return (await feeds()).file(params.meetingId, caller)
    },
  )

  api.add(
    'POST',
    '/account/calendar-feed',
    'account',
    {
      id: 'createCalendarFeed',
      tag,
      about:
        'A secret address at which calendar programs find all meetings of this account. The one before ends. Shown this once.',
      answer: Type.Object({
        url: Type.String({ examples: ['https://meet.example.org/api/v1/calendar/q83vASNF….ics'] }),
      }),
      status: 201,
    },
    async ({ caller, now }) => ({ url: await (await feeds()).create(caller.accountId, now) }),
  )

  api.add(
    'DELETE',
    '/account/calendar-feed',
    'account',
    { id: 'deleteCalendarFeed', tag, about: 'Ends the secret address, if there is one.' },
    async ({ caller }) => (await feeds()).delete(caller.accountId),
  )

  api.add(
    'GET',
    '/calendar/:feedToken.ics',
    'anyone',
    {
      id: 'getCalendarFeed',
      tag,
      about: 'All meetings of an account, for calendar programs. Whoever has the address reads it.',
      params: Type.Object({
        feedToken: Type.String({
          minLength: 1,
          maxLength: 64,
          description: 'From the secret address.',
          examples: ['q83vASNFhT0aBx1LmQ8sKdq83vASNFhT0aBx1LmQ8sK'],
        }),
      }),
      answer: CalendarFile,
      sends: calendarType,
      errors: ['not-found'],
      limits: [{ max: 120, seconds: 60, by: 'address' }],
    },
    async ({ params, request, reply, now }) => {
      const file = await (await feeds()).read(params.feedToken, now)
      const etag = `"${createHash('sha256').update(file).digest('base64url')}"`
      reply.headers({ etag, 'cache-control': `private, max-age=${cacheSeconds}` })
      if (request.headers['if-none-match'] !== etag) return file
      reply.code(304)
      return undefined
    },
  )
}
