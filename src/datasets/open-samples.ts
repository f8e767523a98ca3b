// A dataset's samples, whatever its format.

import type { DatasetRecord } from '#src/domain/records'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { openImages } from './images.ts'
import { openNpz } from './npz.ts'
import { openSafetensors } from './safetensors.ts'
import type { SampleSource } from './sample-source.ts'

/** `wanted`: names of the fields to read; `scratch`: a folder for what must be unpacked first. */
export async function openSamples(
  path: string,
  record: Pick<DatasetRecord, 'format' | 'fields' | 'preprocess'>,
  wanted: readonly string[],
  scratch: string,
): Promise<SampleSource> {
  switch (record.format) {
    case 'npz':
      return openNpz(path, wanted, scratch)
    case 'safetensors':
      return openSafetensors(path, wanted)
    case 'images':
      return openImages(path, record.preprocess ?? imagePreprocess.parse({}), record.fields)
  }
}
