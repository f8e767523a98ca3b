// Which files of a folder that processes share are left over from dead ones.

import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimTemporaryName, removeLeftovers } from '#src/adapters/blobs/temporary-files'
import { withTemporaryFolder } from '#test/support/temporary-folder'

const HOUR_MS = 3600_000
/** Above what any kernel gives. */
const NOBODY = 2 ** 30

async function makeFiles(folder: string) {
  const own = await claimTemporaryName()
  const [here] = own.split('.')
  const old = 'another-container.1.other.2'
  const names = {
    own,
    'a living process of this place': `${here}.${process.ppid}.other.1`,
    'a dead process of this place': `${here}.${NOBODY}.other.1`,
    'an earlier process with our id': `${here}.${process.pid}.other.1`,
    'another place, written to now': 'another-container.1.other.1',
    'another place, long ago': old,
  }
  for (const name of Object.values(names)) await writeFile(join(folder, name), '')
  const then = new Date(Date.now() - 3 * HOUR_MS)
  await utimes(join(folder, old), then, then)
  const left = async (): Promise<string[]> => {
    const present = await readdir(folder)
    return Object.entries(names).flatMap(([whose, name]) => (present.includes(name) ? [whose] : []))
  }
  return left
}

test('ids are believed where they mean the same, elsewhere the age decides', () =>
  withTemporaryFolder(async (folder) => {
    const left = await makeFiles(folder)
    await removeLeftovers(folder, false)
    expect(await left()).toEqual([
      'own',
      'a living process of this place',
      'another place, written to now',
    ])
  }))

test('who has the folder alone removes all but its own', () =>
  withTemporaryFolder(async (folder) => {
    const left = await makeFiles(folder)
    await removeLeftovers(folder, true)
    expect(await left()).toEqual(['own'])
  }))
