import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transformer } from '@napi-rs/image'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeDataset } from '#src/datasets/describe-dataset'
import { openSamples } from '#src/datasets/open-samples'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { float32Array, int64Array, makeNpy, makeNpz } from '#test/support/make-npz'
import { makeZip } from '#test/support/make-zip'

let folder: string
let counter = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datasets-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(bytes: Uint8Array): Promise<string> {
  counter += 1
  const path = join(folder, `file-${counter}`)
  await writeFile(path, bytes)
  return path
}

const plain = imagePreprocess.parse({})

async function picture(
  width: number,
  height: number,
  rgb: readonly [number, number, number],
): Promise<Buffer> {
  const rgba = new Uint8Array(width * height * 4)
  for (let pixel = 0; pixel < width * height; pixel += 1) rgba.set([...rgb, 255], pixel * 4)
  return Transformer.fromRgbaPixels(rgba, width, height).png()
}

describe('npz', () => {
  const arrays = { x: float32Array([3, 2], [1, 2, 3, 4, 5, 6]), labels: int64Array([3], [0, 1, 2]) }

  test.each([false, true])('is described and read in slices (deflated: %s)', async (deflated) => {
    const path = await file(makeNpz(arrays, deflated))
    const description = await describeDataset(path, 'npz', plain)
    expect(description).toEqual({
      samples: 3,
      classes: null,
      fields: [
        { name: 'x', dtype: 'float32', shape: [3, 2] },
        { name: 'labels', dtype: 'int64', shape: [3] },
      ],
    })
    const source = await openSamples(
      path,
      { format: 'npz', preprocess: null, ...description },
      ['x'],
      folder,
    )
    const { x, labels } = await source.batch(1, 3)
    expect(x).toEqual({ dtype: 'float32', dims: [2, 2], data: Float32Array.of(3, 4, 5, 6) })
    expect(labels).toBeUndefined()
    await source.close()
  })

  test.each([
    [
      'objects',
      { x: { descr: '|O', shape: [1], bytes: new Uint8Array(8) } },
      'dtype_not_allowed',
      /Python objects/,
    ],
    [
      'big-endian',
      { x: { descr: '>f4', shape: [1], bytes: new Uint8Array(4) } },
      'dtype_not_allowed',
      /'>f4'/,
    ],
    [
      'too few bytes',
      { x: { descr: '<f4', shape: [1000, 10 ** 9], bytes: new Uint8Array(4) } },
      'size_mismatch',
      /takes 4000000000000 bytes/,
    ],
    ['no samples', { x: float32Array([0, 4], []) }, 'dataset_unusable', /no sample/],
    [
      'a scalar',
      { x: { descr: '<f4', shape: [], bytes: new Uint8Array(4) } },
      'dataset_unusable',
      /scalar/,
    ],
    [
      'unequal samples',
      { x: float32Array([2], [1, 2]), y: float32Array([1], [1]) },
      'dataset_unusable',
      /'y' has 1 samples, 'x' has 2/,
    ],
  ])('with %s is refused', async (_, bad, code, detail) => {
    const path = await file(makeNpz(bad))
    await expect(describeDataset(path, 'npz', plain)).rejects.toMatchObject({
      code,
      detail: expect.stringMatching(detail),
    })
  })

  test('a header that claims more than there is is refused', async () => {
    const npy = makeNpy(float32Array([1], [1]))
    npy.writeUInt16LE(60_000, 8)
    const path = await file(makeZip([{ name: 'x.npy', body: npy }]))
    await expect(describeDataset(path, 'npz', plain)).rejects.toMatchObject({
      code: 'npy_header_invalid',
    })
  })
})

describe('safetensors', () => {
  const build = (header: object, body: Uint8Array) => {
    const text = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([length, text, body])
  }

  test('is described and read', async () => {
    const header = {
      __metadata__: { a: 'b' },
      x: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    }
    const path = await file(build(header, new Uint8Array(Float32Array.of(7, 8).buffer)))
    const description = await describeDataset(path, 'safetensors', plain)
    const source = await openSamples(
      path,
      { format: 'safetensors', preprocess: null, ...description },
      ['x'],
      folder,
    )
    expect((await source.batch(1, 2))['x']?.data).toEqual(Float32Array.of(8))
    await source.close()
  })

  test.each([
    [
      'offsets beyond the file',
      { x: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } },
      'size_mismatch',
    ],
    [
      'an unknown dtype',
      { x: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } },
      'dtype_not_allowed',
    ],
    ['no shape', { x: { dtype: 'F32', data_offsets: [0, 4] } }, 'dataset_invalid'],
  ])('with %s is refused', async (_, header, code) => {
    const path = await file(build(header, new Uint8Array(8)))
    await expect(describeDataset(path, 'safetensors', plain)).rejects.toMatchObject({ code })
  })
})

describe('images', () => {
  test('folders give classes; pixels become (x · scale − mean) / std', async () => {
    const zip = makeZip([
      { name: 'red/a.png', body: await picture(4, 4, [255, 0, 0]) },
      { name: 'blue/b.png', body: await picture(8, 4, [0, 0, 255]) },
    ])
    const path = await file(zip)
    const preprocess = imagePreprocess.parse({
      resize: 4,
      crop: 2,
      mean: [0.5],
      std: [0.5],
      input: 'x',
    })
    const description = await describeDataset(path, 'images', preprocess)
    expect(description.classes).toEqual(['blue', 'red'])
    expect(description.fields[0]).toEqual({ name: 'x', dtype: 'float32', shape: [2, 3, 2, 2] })
    const source = await openSamples(
      path,
      { format: 'images', preprocess, fields: description.fields },
      ['x'],
      folder,
    )
    const { x, labels } = await source.batch(0, 2)
    expect(labels?.data).toEqual(BigInt64Array.of(0n, 1n))
    expect(Array.from((x!.data as Float32Array).subarray(0, 12))).toEqual([
      -1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1,
    ])
    await source.close()
  })

  test('labels.csv orders and labels the pictures', async () => {
    const zip = makeZip([
      { name: 'p/1.png', body: await picture(2, 2, [1, 2, 3]) },
      { name: 'p/2.png', body: await picture(2, 2, [4, 5, 6]) },
      { name: 'labels.csv', body: Buffer.from('file,label,more\n2.png,7,x\n"p/1.png",3,y\n') },
    ])
    const description = await describeDataset(await file(zip), 'images', plain)
    expect(description).toMatchObject({ samples: 2, classes: 2 })
  })

  test.each([
    ['a ragged line', 'file,label\n1.png\n', 'dataset_invalid', /line 2 is not 'file,label'/],
    ['a missing picture', '9.png,1\n', 'dataset_invalid', /line 1 names '9.png'/],
  ])('labels.csv with %s is refused', async (_, csv, code, detail) => {
    const zip = makeZip([
      { name: '1.png', body: await picture(2, 2, [1, 2, 3]) },
      { name: 'labels.csv', body: Buffer.from(csv) },
    ])
    await expect(describeDataset(await file(zip), 'images', plain)).rejects.toMatchObject({
      code,
      detail: expect.stringMatching(detail),
    })
  })

  test('sizes that differ ask for resize and crop', async () => {
    const zip = makeZip([
      { name: 'a/1.png', body: await picture(2, 2, [1, 2, 3]) },
      { name: 'a/2.png', body: await picture(3, 2, [1, 2, 3]) },
    ])
    await expect(describeDataset(await file(zip), 'images', plain)).rejects.toMatchObject({
      detail: expect.stringMatching(/give resize and crop/),
    })
  })

  test('a picture with too many pixels is refused by its header', async () => {
    const png = await picture(1, 1, [0, 0, 0])
    png.writeUInt32BE(65_535, 16)
    png.writeUInt32BE(65_535, 20)
    const zip = makeZip([{ name: 'a/1.png', body: png }])
    await expect(describeDataset(await file(zip), 'images', plain)).rejects.toMatchObject({
      code: 'image_too_many_pixels',
    })
  })
})
