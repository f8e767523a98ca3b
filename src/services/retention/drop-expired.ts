// One round of clean-up by age. Every part is safe to run in several processes at once, and to break off.

import type { ServiceContext } from '#src/services/service-context'
import { dropExpiredAnswers } from './expired-answers.ts'
import { dropExpiredArtifacts } from './expired-artifacts.ts'
import { dropExpiredDeliveries } from './expired-deliveries.ts'
import { dropExpiredInputs } from './expired-inputs.ts'
import { dropExpiredJobs } from './expired-jobs.ts'
import { dropExpiredLogs } from './expired-logs.ts'

/** Days; 0 = for ever. */
export interface RetentionRules {
  readonly keepJobsDays: number
  readonly keepArtifactsDays: number
  readonly keepInputsDays: number
  readonly keepLogsDays: number
  readonly keepDeliveriesDays: number
}

const DAY_MS = 24 * 3600 * 1000

type Part = (context: ServiceContext, before: number) => Promise<number>

const PARTS = {
  jobs: { days: 'keepJobsDays', drop: dropExpiredJobs },
  artifacts: { days: 'keepArtifactsDays', drop: dropExpiredArtifacts },
  inputs: { days: 'keepInputsDays', drop: dropExpiredInputs },
  logs: { days: 'keepLogsDays', drop: dropExpiredLogs },
  deliveries: { days: 'keepDeliveriesDays', drop: dropExpiredDeliveries },
} as const satisfies Record<string, { readonly days: keyof RetentionRules; readonly drop: Part }>

/** How many records of each kind went. A part that fails keeps none of the others from running; then it throws. */
export async function dropExpired(
  context: ServiceContext,
  rules: RetentionRules,
): Promise<Readonly<Record<string, number>>> {
  const dropped: Record<string, number> = {}
  const errors: unknown[] = []
  const run = async (name: string, part: () => Promise<number>): Promise<void> => {
    try {
      dropped[name] = await part()
    } catch (error) {
      errors.push(error)
    }
  }
  for (const [name, { days, drop }] of Object.entries(PARTS)) {
    if (rules[days] === 0) continue
    const before = context.clock.now() - rules[days] * DAY_MS
    await run(name, () => drop(context, before))
  }
  await run('answers', () => dropExpiredAnswers(context))
  if (errors.length > 0)
    throw new AggregateError(errors, 'not all that is too old could be dropped')
  return dropped
}
