// What an uploaded dataset holds, found without loading it.

import type { DatasetField, DatasetRecord } from '#src/domain/records'
import type { ImagePreprocess } from '#src/recipes/image-preprocess'
import { describeImages } from './images.ts'
import { describeNpz } from './npz.ts'
import { describeSafetensors } from './safetensors.ts'

export interface DatasetDescription {
  readonly samples: number
  readonly fields: readonly DatasetField[]
  readonly classes: readonly string[] | number | null
}

/** `preprocess` is read for `images` alone. Throws TersorError naming the array, entry or picture. */
export async function describeDataset(
  path: string,
  format: DatasetRecord['format'],
  preprocess: ImagePreprocess,
): Promise<DatasetDescription> {
  switch (format) {
    case 'npz':
      return { ...(await describeNpz(path)), classes: null }
    case 'safetensors':
      return { ...(await describeSafetensors(path)), classes: null }
    case 'images':
      return describeImages(path, preprocess)
  }
}
