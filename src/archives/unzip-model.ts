// A model uploaded as a zip: one ONNX file with the files its external data names.

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TersorError } from '#src/domain/errors'
import { openArchive } from './open-archive.ts'

export interface UnzippedModel {
  /** The ONNX file; external data lies beside it under the names it has in the archive. */
  readonly modelPath: string
  /** Folder that the model's external locations are relative to. */
  readonly folder: string
  /** Names of all other files, relative to `folder`. */
  readonly members: readonly string[]
}

/** Unpacks into `folder`, which must be empty. Throws TersorError `archive_*`, `not_onnx`. */
export async function unzipModel(zipPath: string, folder: string): Promise<UnzippedModel> {
  const archive = await openArchive(zipPath)
  try {
    const models = archive.entries.filter((entry) => entry.name.toLowerCase().endsWith('.onnx'))
    const model = models[0]
    if (model === undefined) {
      throw new TersorError(
        'not_onnx',
        'the archive holds no .onnx file; it must hold one ONNX file and its external data',
      )
    }
    if (models.length > 1) {
      const names = models.map((entry) => `'${entry.name}'`).join(', ')
      throw new TersorError(
        'archive_invalid',
        `the archive holds several .onnx files (${names}); it must hold one`,
      )
    }
    for (const entry of archive.entries) {
      const path = join(folder, entry.name)
      await mkdir(dirname(path), { recursive: true })
      await entry.extract(path)
    }
    const prefix = dirname(model.name) === '.' ? '' : `${dirname(model.name)}/`
    const members = archive.entries
      .filter((entry) => entry !== model && entry.name.startsWith(prefix))
      .map((entry) => entry.name.slice(prefix.length))
    return { modelPath: join(folder, model.name), folder: join(folder, prefix), members }
  } finally {
    archive.close()
  }
}
