import { expect, it } from 'vitest'
import { DRIVER_TABLES } from './drivers.ts'

it.each(DRIVER_TABLES)('every driver of $port has its suite', ({ table, tested }) => {
  const names = tested.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(table))
})
