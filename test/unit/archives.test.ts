import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openArchive } from '#src/archives/open-archive'
import { unzipModel } from '#src/archives/unzip-model'
import { makeZip } from '#test/support/make-zip'

let folder: string
let counter = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(bytes: Uint8Array): Promise<string> {
  counter += 1
  const path = join(folder, `file-${counter}`)
  await writeFile(path, bytes)
  return path
}

describe('archives', () => {
  const body = Buffer.from('x')

  test.each([
    ['a path out of the archive', [{ name: '../x', body }], 'archive_path_escape'],
    ['an absolute path', [{ name: '/x', body }], 'archive_path_escape'],
    ['a backslash', [{ name: '..\\x', body }], 'archive_path_escape'],
    ['a symbolic link', [{ name: 'x', body, mode: 0o120777 }], 'archive_link_forbidden'],
    ['a device', [{ name: 'x', body, mode: 0o060666 }], 'archive_link_forbidden'],
    [
      'a name twice',
      [
        { name: 'x', body },
        { name: 'x', body },
      ],
      'archive_invalid',
    ],
    ['a lying size', [{ name: 'x', body, claimedSize: 7 }], 'archive_invalid'],
  ])('with %s is refused', async (_, members, code) => {
    await expect(openArchive(await file(makeZip(members)))).rejects.toMatchObject({ code })
  })

  test('a bomb is refused by its ratio', async () => {
    const limits = { maxEntries: 10, maxUnpackedBytes: 2 ** 30, maxRatio: 100 }
    const path = await file(makeZip([{ name: 'x', body: Buffer.alloc(2 ** 22), deflate: true }]))
    await expect(openArchive(path, limits)).rejects.toMatchObject({
      code: 'archive_too_large_when_unpacked',
    })
  })

  test('what is no zip is refused', async () => {
    await expect(openArchive(await file(Buffer.from('hello')))).rejects.toMatchObject({
      code: 'archive_invalid',
    })
  })

  test('a model with external data is unpacked', async () => {
    const zip = makeZip([
      { name: 'net/model.onnx', body },
      { name: 'net/weights/a.bin', body },
    ])
    const target = await mkdtemp(join(folder, 'model-'))
    const model = await unzipModel(await file(zip), target)
    expect(model.members).toEqual(['weights/a.bin'])
    expect(model.modelPath).toBe(join(target, 'net/model.onnx'))
  })

  test('a zip without or with several models is refused', async () => {
    const none = await file(makeZip([{ name: 'a.txt', body }]))
    const two = await file(
      makeZip([
        { name: 'a.onnx', body },
        { name: 'b.onnx', body },
      ]),
    )
    await expect(unzipModel(none, folder)).rejects.toMatchObject({ code: 'not_onnx' })
    await expect(unzipModel(two, folder)).rejects.toMatchObject({ code: 'archive_invalid' })
  })
})
