import { expect, test } from 'vitest'
import { slowWork } from '#workers/slow-work'

interface Task {
  readonly work: Promise<void>
  readonly end: (error?: Error) => void
}

function task(): Task {
  let end: Task['end'] = () => undefined
  const work = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error))
  })
  return { work, end }
}

const settled = async (promise: Promise<void>, milliseconds: number): Promise<boolean> => {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), milliseconds))
  return await Promise.race([promise.then(() => true), late])
}

test('quick work is waited for, with its errors', async () => {
  const errors: unknown[] = []
  const slow = slowWork(10_000, 1, (error) => errors.push(error))
  await slow.wait(Promise.resolve())
  await expect(slow.wait(Promise.reject(new Error('at once')))).rejects.toThrow('at once')
  expect(errors).toEqual([])
})

test('slow work gives its place away, so many at most, and is waited for at the end', async () => {
  const errors: unknown[] = []
  const slow = slowWork(5, 2, (error) => errors.push(error))
  const [one, two, three] = [task(), task(), task()]
  await slow.wait(one.work)
  await slow.wait(two.work)
  const third = slow.wait(three.work)
  expect(await settled(third, 50)).toBe(false)
  three.end()
  await third
  const rest = slow.rest()
  one.end(new Error('later'))
  expect(await settled(rest, 20)).toBe(false)
  two.end()
  await rest
  expect(errors).toEqual([new Error('later')])
})
