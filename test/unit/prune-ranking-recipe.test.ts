import { expect, test } from 'vitest'
import { pruneStep } from '#src/recipes/prune'

test.each([
  [{ ranked_by: 'macs' }, false],
  [{ ranked_by: 'latency', scope: 'auto' }, false],
  [{ ranked_by: 'parameters', scope: 'global', threshold: 0.1 }, false],
  [{ ranked_by: 'parameters', scope: 'global', max_parameters: 0.5 }, true],
  [{ ranked_by: 'latency', scope: 'global' }, true],
  [{ ranked_by: 'importance' }, true],
])('what channels save ranks them over the whole model alone: %j', (options, isTaken) => {
  const parsed = pruneStep.safeParse({ type: 'prune', method: 'channel', ...options })
  const paths = parsed.error?.issues.map(({ path }) => path) ?? []
  expect(paths).toEqual(isTaken ? [] : [['ranked_by']])
})
