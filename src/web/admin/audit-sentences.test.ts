import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditActions } from '../../audit/actions.ts'
import { auditGroups, describeEntry, detailsOf } from './audit-sentences.ts'

const base = { id: 'x', at: '2026-11-20T14:05:00.000Z', actor: { kind: 'account', id: 'acc_1' } }

test('every act that the server records has a sentence', () => {
  const told = auditGroups.flatMap(([, actions]) => Object.keys(actions))
  assert.deepEqual(told.toSorted(), Object.keys(auditActions).toSorted())
})

test('a sentence names who did what to whom, and the details say the rest', () => {
  const entry = {
    ...base,
    action: 'participant.muted',
    target: { kind: 'participant', id: 'student-17' },
    address: '192.0.2.7',
    data: { room: 'algebra-7b', source: 'microphone' },
  }
  assert.deepEqual(describeEntry(entry), [
    { kind: 'account', id: 'acc_1' },
    ' muted ',
    { kind: 'participant', id: 'student-17' },
    ' in ',
    { kind: 'room', id: 'algebra-7b' },
  ])
  assert.equal(detailsOf(entry), 'from 192.0.2.7 · source: microphone')
  const guest = { ...entry, data: { ...entry.data, name: 'Ben' }, action: 'participant.removed' }
  assert.equal(describeEntry(guest)[2], 'Ben')
  assert.equal(detailsOf(guest), 'from 192.0.2.7 · source: microphone')
  const gone = { ...base, action: 'account.logged-out', data: { everywhere: false } }
  assert.equal(detailsOf(gone), 'not everywhere')
})

test('an act without actor, target or known name is still told', () => {
  const refused = { ...base, actor: { kind: 'nobody' }, action: 'account.login-refused' }
  assert.equal(describeEntry(refused).join(''), 'A log-in as nobody known was refused')
  const future = { ...base, actor: { kind: 'server' }, action: 'moon.landed' }
  assert.equal(describeEntry(future).join(''), 'The server: moon.landed')
})
