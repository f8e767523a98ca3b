// SST-2: film reviews in one sentence, 0 negative, 1 positive. Training sentences calibrate, dev sentences are evaluated.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels } from './labelled-data.ts'

const LENGTH = 56
const UNKNOWN = 1
const TOKEN = /[a-z0-9]+|[!?.,;:'"()\-$]/gu

export async function sentences(
  folder: string,
  calibration: number,
  evaluation: number,
): Promise<SplitData> {
  const file = join(folder, 'models/sst2_transformer.vocab.json')
  const words = JSON.parse(readFileSync(file, 'utf8')) as string[]
  const vocabulary = new Map(words.map((word, index) => [word, index]))
  const part = (name: string, count: number) =>
    encode(readFileSync(join(folder, 'data/sst2', name), 'utf8'), vocabulary, count)
  return { calibration: part('train.tsv', calibration), evaluation: part('dev.tsv', evaluation) }
}

function encode(
  text: string,
  vocabulary: ReadonlyMap<string, number>,
  count: number,
): LabelledData {
  const lines = text.split('\n').filter((line) => line.includes('\t'))
  const rows = lines.slice(0, count).map((line) => line.split('\t') as [string, string])
  const dims = [rows.length, LENGTH]
  const ids = new BigInt64Array(rows.length * LENGTH)
  rows.forEach(([sentence], row) => {
    const tokens = sentence.toLowerCase().match(TOKEN) ?? []
    tokens.slice(0, LENGTH).forEach((token, position) => {
      ids[row * LENGTH + position] = BigInt(vocabulary.get(token) ?? UNKNOWN)
    })
  })
  return {
    inputs: {
      input_ids: { dtype: 'int64', dims, data: ids },
      attention_mask: { dtype: 'int64', dims, data: ids.map((id) => (id > 0n ? 1n : 0n)) },
    },
    labels: classLabels(rows.map(([, label]) => Number(label))),
  }
}
