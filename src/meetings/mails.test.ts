import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancellationMail, changeMail, invitationMail, type MailedMeeting } from './mails.ts'

const meeting: MailedMeeting = {
  title: 'Algebra\r\nBcc: eve@example.org',
  description: 'Bring <b>books</b> & "pens"\nhttps://evil.example/"onclick=x',
  hostName: 'Ana',
  schedule: {
    startsAt: new Date('2026-10-19T07:00:00Z'),
    endsAt: new Date('2026-10-19T08:00:00Z'),
    timeZone: 'Europe/Berlin',
    recurrence: 'FREQ=WEEKLY',
  },
  next: { start: new Date('2026-10-26T08:00:00Z'), end: new Date('2026-10-26T09:00:00Z') },
  url: 'https://meet.example.org/m/abc-defg-hjk',
  code: 'abc-defg-hjk',
  passcode: 'sesame',
}

test('an invitation says who, what, when there, and how to get in', () => {
  const { subject, text } = invitationMail(meeting)
  assert.match(subject, /^Invitation: Algebra Bcc: eve@example\.org \(Mon,? 26 Oct,? 09:00\)$/)
  for (const part of [
    'Ana invites you',
    '26 October 2026',
    '09:00',
    '10:00',
    '(Europe/Berlin)',
    'Repeats every week',
    'Join: https://meet.example.org/m/abc-defg-hjk',
    'Passcode: sesame',
  ]) {
    assert.ok(text.includes(part), `${part} in\n${text}`)
  }
  assert.match(changeMail(meeting, ['the time', 'the title']).text, /: the time, the title\./)
})

test('what people typed stays text in HTML', () => {
  const { html } = invitationMail(meeting)
  assert.ok(html.includes('Bring &lt;b&gt;books&lt;/b&gt; &amp; &quot;pens&quot;'), html)
  assert.ok(html.includes('<a href="https://meet.example.org/m/abc-defg-hjk">'))
  assert.doesNotMatch(html, /<b>|"onclick/)
})

test('a meeting without a schedule or passcode is told without them, a cancelled one without a way in', () => {
  const bare = { ...meeting, schedule: undefined, next: undefined, passcode: undefined, description: '' }
  assert.doesNotMatch(invitationMail(bare).text, /Passcode|Repeats|\n\n\n/)
  assert.doesNotMatch(cancellationMail(meeting).text, /Join|sesame/)
})
