// docs/training.md: its examples are jobs.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jobSpec } from '#src/recipes/job-spec'
import { listedSteps } from '#src/recipes/listed-steps'
import { trainingOf } from '#src/recipes/step'
import { training } from '#src/recipes/training'

const guide = readFileSync(join(import.meta.dirname, '../../docs/training.md'), 'utf8')

describe('the guide of training', () => {
  const examples = [...guide.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => text)

  test('every example is taken as it stands, and trains', () => {
    expect(examples.length).toBeGreaterThan(1)
    for (const text of examples) {
      const example = JSON.parse(text) as object
      const spec = jobSpec.parse(example)
      expect(spec).toMatchObject(example)
      expect(listedSteps(spec).some((step) => trainingOf(step) !== null)).toBe(true)
    }
  })

  test('names every augmentation', () => {
    const { element } = training.shape.augment.def.innerType
    for (const name of element.options) expect(guide).toContain(`\`${name}\``)
  })
})
