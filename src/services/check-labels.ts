// Element type and shape of the labels that a task compares with.

import type { FieldError } from '#src/domain/errors'
import type { DatasetField, DatasetRecord } from '#src/domain/records'
import type { Evaluation } from '#src/recipes/evaluation'
import { labelFields } from '#src/recipes/evaluation'

interface WantedLabels {
  readonly what: string
  readonly isWhole: boolean
  /** Axes of the field, samples first; numbers are sizes. `null`: any. */
  readonly axes: readonly (string | number)[] | null
}

const CLASSES: WantedLabels = {
  what: 'classes of boxes',
  isWhole: true,
  axes: ['samples', 'boxes'],
}

const LABELS: Record<Exclude<Evaluation['task'], 'none'>, WantedLabels> = {
  classification: { what: 'labels of a classification', isWhole: true, axes: ['samples'] },
  regression: { what: 'labels of a regression', isWhole: false, axes: null },
  segmentation: {
    what: 'labels of a segmentation',
    isWhole: true,
    axes: ['samples', 'height', 'width'],
  },
  detection: { what: 'true boxes', isWhole: false, axes: ['samples', 'boxes', 4] },
  image_to_image: { what: 'pictures to compare with', isWhole: false, axes: null },
}

/** The fields exist. */
export function labelShapeFaults(evaluation: Evaluation, dataset: DatasetRecord): FieldError[] {
  if (evaluation.task === 'none') return []
  const [labels, classes] = labelFields(evaluation).map((wanted) =>
    dataset.fields.find(({ name }) => name === wanted),
  )
  const faults: FieldError[] = []
  const check = (field: DatasetField | undefined, wanted: WantedLabels, pointer: string): void => {
    if (field === undefined) return
    const detail = faultOf(field, wanted)
    if (detail !== 'none') faults.push({ pointer, code: 'dataset_unusable', detail })
  }
  check(labels, LABELS[evaluation.task], '/evaluation/labels')
  check(classes, CLASSES, '/evaluation/classes')
  if (faults.length === 0 && classes !== undefined && labels?.shape[1] !== classes.shape[1]) {
    const detail = `'${labels?.name}' has place for ${labels?.shape[1]} boxes of a sample, '${classes.name}' for ${classes.shape[1]} classes`
    faults.push({ pointer: '/evaluation/classes', code: 'dataset_unusable', detail })
  }
  return faults
}

function faultOf({ name, dtype, shape }: DatasetField, wanted: WantedLabels): string {
  if (wanted.isWhole && !/^u?int\d+$/u.test(dtype)) {
    return `${wanted.what} are integers, '${name}' is ${dtype}`
  }
  const { axes } = wanted
  if (axes === null) return 'none'
  const fits =
    shape.length === axes.length &&
    axes.every((axis, index) => typeof axis === 'string' || axis === shape[index])
  if (fits) return 'none'
  return `${wanted.what} have the shape [${axes.join(', ')}], '${name}' has [${shape.join(', ')}]`
}
