// Labels of an image archive: folders named after classes, or a labels.csv of `file,label`.

import { TersorError } from '#src/domain/errors'
import type { Archive, ArchiveEntry } from '#src/archives/open-archive'

export interface LabelledImages {
  readonly images: readonly ArchiveEntry[]
  /** Class index per image; `null` when the archive has no labels. */
  readonly labels: readonly number[] | null
  /** Class names in label order, or the number of classes when the labels are numbers. */
  readonly classes: readonly string[] | number | null
}

const PICTURE = /\.(jpe?g|png|webp|bmp|gif)$/i
const LABELS_FILE = 'labels.csv'
const MAX_LABELS_BYTES = 64 * 2 ** 20
const MAX_LINE_LENGTH = 4096

export async function labelledImages(archive: Archive): Promise<LabelledImages> {
  const pictures = archive.entries.filter(
    (entry) => PICTURE.test(entry.name) && !entry.name.startsWith('__MACOSX/'),
  )
  if (pictures.length === 0) {
    throw new TersorError(
      'dataset_unusable',
      'the archive holds no picture (.jpg, .png, .webp, .bmp, .gif)',
    )
  }
  const table = archive.entries.find((entry) => entry.name.split('/').at(-1) === LABELS_FILE)
  if (table !== undefined) return labelsFromTable(table, pictures)
  return labelsFromFolders(pictures)
}

function labelsFromFolders(pictures: readonly ArchiveEntry[]): LabelledImages {
  const folders = pictures.map((entry) => entry.name.split('/').at(-2) ?? null)
  const names = [...new Set(folders)].toSorted()
  const images = pictures.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  if (names.includes(null)) {
    if (names.length === 1) return { images, labels: null, classes: null }
    const loose = pictures.find((entry) => !entry.name.includes('/'))
    throw new TersorError(
      'dataset_invalid',
      `picture '${loose?.name}' lies in no class folder while others do`,
    )
  }
  const classes = names.filter((name) => name !== null)
  const labels = images.map((entry) => classes.indexOf(entry.name.split('/').at(-2)!))
  return { images, labels, classes }
}

async function labelsFromTable(
  table: ArchiveEntry,
  pictures: readonly ArchiveEntry[],
): Promise<LabelledImages> {
  if (table.size > MAX_LABELS_BYTES) {
    throw new TersorError(
      'dataset_invalid',
      `${LABELS_FILE} has ${table.size} bytes, at most ${MAX_LABELS_BYTES} are allowed`,
    )
  }
  const byName = new Map<string, ArchiveEntry>()
  for (const picture of pictures) {
    byName.set(picture.name, picture)
    byName.set(picture.name.split('/').at(-1)!, picture)
  }
  const images: ArchiveEntry[] = []
  const texts: string[] = []
  const lines = Buffer.from(await table.bytes())
    .toString('utf8')
    .split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const number = index + 1
    if (line.trim() === '') continue
    if (line.length > MAX_LINE_LENGTH)
      throw new TersorError(
        'dataset_invalid',
        `${LABELS_FILE} line ${number} is longer than ${MAX_LINE_LENGTH} characters`,
      )
    const [file, label] = splitLine(line)
    if (index === 0 && file?.toLowerCase() === 'file') continue
    if (file === undefined || label === undefined || label === '') {
      throw new TersorError('dataset_invalid', `${LABELS_FILE} line ${number} is not 'file,label'`)
    }
    const picture = byName.get(file) ?? byName.get(file.split('/').at(-1)!)
    if (picture === undefined) {
      throw new TersorError(
        'dataset_invalid',
        `${LABELS_FILE} line ${number} names '${file}', which is not in the archive`,
      )
    }
    images.push(picture)
    texts.push(label)
  }
  if (images.length === 0)
    throw new TersorError('dataset_unusable', `${LABELS_FILE} labels no picture`)
  return { images, ...numberLabels(texts) }
}

function numberLabels(texts: readonly string[]): Pick<LabelledImages, 'labels' | 'classes'> {
  if (texts.every((text) => /^\d{1,9}$/.test(text))) {
    const labels = texts.map(Number)
    return { labels, classes: new Set(labels).size }
  }
  const classes = [...new Set(texts)].toSorted()
  const index = new Map(classes.map((name, position) => [name, position]))
  return { labels: texts.map((text) => index.get(text)!), classes }
}

/** The first two fields; a field may be in double quotes (RFC 4180). */
function splitLine(line: string): string[] {
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].slice(0, 2)
  return fields.map(([, quoted, plain]) =>
    quoted === undefined ? plain!.trim() : quoted.replaceAll('""', '"'),
  )
}
