// Results beyond the size of one file: the model with its weights beside it, and both in a zip that is taken as an upload again.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openArchive } from '#src/archives/open-archive'
import { writeZip } from '#src/archives/write-zip'
import { modelSize } from '#src/onnx/write-model'
import { openJobModel } from '#workers/steps/job-model'
import { modelArtifact } from '#workers/steps/model-artifact'
import { writeModelFile } from '#workers/steps/write-model-file'
import { relativeDifference, runModel, runtime } from './model-runs.ts'
import { tinyTransformer, tokenFeeds } from './weight-only/tiny-transformer.ts'

const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-large-result-'))
})
afterAll(() => rm(folder.path, { recursive: true, force: true }))

const scratch = (): Promise<string> => mkdtemp(join(folder.path, 'case-'))

describe('a result', () => {
  test('that fits is one file', async () => {
    const own = await scratch()
    const model = tinyTransformer()
    const { paths } = writeModelFile(model, join(own, 'model.onnx'), modelSize(model))
    expect(paths).toHaveLength(1)
    const artifact = modelArtifact(paths, own)
    expect(artifact).toEqual({ kind: 'model', path: paths[0], filename: 'model.onnx' })
  })

  test('that does not fit runs from its files and from the zip of them', async () => {
    const own = await scratch()
    const original = tinyTransformer()
    const feeds = tokenFeeds(2, 4, 1)
    const expected = await runModel(original, feeds)
    const { paths } = writeModelFile(original, join(own, 'model.onnx'), 10_000)
    expect(paths.map((path) => basename(path))).toEqual(['model.onnx', 'model.weights'])
    const session = await runtime.load(paths[0], { threads: 1, optimization: 'disabled' })
    expect(relativeDifference(expected, await session.run(feeds))).toBe(0)
    await session.release()
    const artifact = modelArtifact(paths, own)
    expect(artifact.filename).toBe('model.zip')
    const job = await openJobModel({ path: artifact.path, container: 'zip' }, join(own, 'unzipped'))
    expect(relativeDifference(expected, await runModel(job.read(), feeds))).toBe(0)
    job.close()
  })
})

describe('a zip', () => {
  test('holds what went in, byte for byte, and equal files make equal archives', async () => {
    const own = await scratch()
    const { paths } = writeModelFile(tinyTransformer(), join(own, 'model.onnx'), 10_000)
    const sources = paths.map((path, index) => ({ name: `ordner/übung ${index}`, path }))
    const [one, other] = [join(own, 'one.zip'), join(own, 'other.zip')]
    writeZip(one, sources)
    writeZip(other, sources)
    expect(Buffer.compare(await readFile(one), await readFile(other))).toBe(0)
    const archive = await openArchive(one)
    expect(archive.entries.map(({ name }) => name)).toEqual(sources.map(({ name }) => name))
    for (const [index, entry] of archive.entries.entries()) {
      const target = join(own, `out${index}`)
      await entry.extract(target)
      expect(Buffer.compare(await readFile(target), await readFile(paths[index]!))).toBe(0)
    }
    archive.close()
  })
})
