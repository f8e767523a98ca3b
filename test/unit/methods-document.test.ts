// What docs/methods.md says of every option.

import { describe, expect, test } from 'vitest'
import { describeMethods } from '#src/http/describe-methods'
import { optionRows } from '../../scripts/documents/option-rows.ts'

const documented = describeMethods().flatMap(({ type, method, defaults, json_schema: schema }) => {
  return optionRows(schema, defaults).map((row) => ({ step: `${type} ${method ?? ''}`, ...row }))
})

describe('methods document', () => {
  test('every option says what it is', () => {
    const silent = documented.filter(({ description }) => description === '')
    expect(silent.map(({ step, name }) => `${step} ${name}`)).toEqual([])
  })

  test('objects are opened down to what can be written', () => {
    const closed = documented.filter(({ allowed, name }) => {
      const isOpened = documented.some((row) => row.name.replace('[]', '').startsWith(`${name}.`))
      return allowed.includes('object') && !isOpened
    })
    expect(closed).toEqual([])
  })

  test('members of a choice carry the defaults of the usual one', () => {
    const rate = documented.find(({ step, name }) => {
      return step === 'quantize qat' && name === 'training.optimizer.learning_rate'
    })
    expect(rate?.default).toBe(1e-4)
  })
})
