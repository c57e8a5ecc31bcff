import assert from 'node:assert/strict'
import { test } from 'node:test'
import { howItWent, namesInWords, progressOf, withWhom } from './call-words.ts'

const ana = { id: 'a', name: 'Ana' }
const ben = { id: 'b', name: 'Ben' }

test('a call is named after the others in it', () => {
  const call = { caller: ana, callees: [{ ...ben, status: 'joined' as const }] }
  assert.equal(withWhom(call, 'a'), 'Ben')
  assert.equal(withWhom(call, 'b'), 'Ana')
  assert.equal(namesInWords(['Ana', 'Ben', 'Carl']), 'Ana, Ben and Carl')
  assert.equal(namesInWords(['Ana', 'Ben', 'Carl', 'Dora', 'Eve']), 'Ana, Ben and 3 more')
})

test('each side reads how it went for them', () => {
  const call = (
    status: 'ended' | 'cancelled' | 'failed',
    his: 'joined' | 'declined' | 'missed',
    answered = false,
  ) => ({
    caller: ana,
    callees: [{ ...ben, status: his }],
    type: 'video' as const,
    status,
    ...(answered ? { answeredAt: '2026-11-20T10:00:00Z' } : {}),
  })
  const words = (each: ReturnType<typeof call>) => [howItWent(each, 'a').text, howItWent(each, 'b').text]
  assert.deepEqual(words(call('ended', 'joined', true)), ['Outgoing', 'Incoming'])
  assert.deepEqual(words(call('failed', 'missed')), ['Outgoing, no answer', 'Missed'])
  assert.deepEqual(words(call('failed', 'declined')), ['Outgoing, declined', 'Declined'])
  assert.deepEqual(words(call('cancelled', 'missed')), ['Outgoing, cancelled', 'Missed'])
  assert.ok(
    howItWent(call('cancelled', 'missed'), 'b').missed && !howItWent(call('failed', 'declined'), 'b').missed,
  )
})

test('who calls is told who is being called, who said no and who did not answer', () => {
  const eve = { id: 'e', name: 'Eve' }
  type State = 'ringing' | 'joined' | 'declined' | 'missed'
  const words = (his: State, hers: State, status: 'waiting' | 'active' | 'failed' | 'ended', me = 'a') =>
    progressOf(
      {
        caller: ana,
        callees: [
          { ...ben, status: his },
          { ...eve, status: hers },
        ],
        status,
      },
      me,
    )?.text
  assert.equal(words('ringing', 'ringing', 'waiting'), 'Calling Ben and Eve…')
  assert.equal(words('joined', 'ringing', 'active'), 'Calling Eve…')
  assert.equal(words('joined', 'missed', 'active'), undefined)
  assert.equal(words('declined', 'missed', 'failed'), 'Ben declined, Eve did not answer')
  assert.equal(words('missed', 'missed', 'ended'), undefined)
  assert.equal(words('ringing', 'ringing', 'waiting', 'b'), undefined)
})
