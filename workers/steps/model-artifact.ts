// The compressed model as one artifact: its file, or a zip of it and its weights, as models of that size are uploaded.

import { basename, join } from 'node:path'
import { writeZip } from '#src/archives/write-zip'
import type { CompressResult } from '#workers/sandbox/protocol'
import type { ModelFiles } from './write-model-file.ts'

/** `folder`: where a zip is written. */
export function modelArtifact(
  paths: ModelFiles['paths'],
  folder: string,
): CompressResult['files'][number] {
  const [model, ...weights] = paths
  if (weights.length === 0) return { kind: 'model', path: model, filename: 'model.onnx' }
  const path = join(folder, 'model.zip')
  writeZip(
    path,
    paths.map((own) => ({ name: basename(own), path: own })),
  )
  return { kind: 'model', path, filename: 'model.zip' }
}
