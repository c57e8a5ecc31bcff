import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toCsv } from './csv.ts'

test('commas, quotation marks and lines stay inside their cell', () => {
  assert.equal(
    toCsv([
      ['a', 1],
      ['Weber, "Jo"', 'x\ny'],
    ]),
    'a,1\r\n"Weber, ""Jo""","x\ny"\r\n',
  )
})

test('a name that looks like a formula is text', () => {
  assert.equal(toCsv([['=1+1', '@x', '-2', '+3']]), "'=1+1,'@x,'-2,'+3\r\n")
  assert.equal(toCsv([['=A1,"b"']]), '"\'=A1,""b"""\r\n')
})
