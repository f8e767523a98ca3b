// What the service tried before it chose the steps of a job, as a table.

import type { Report } from '#src/domain/report'
import type { StepSearch } from '#src/domain/step-search'
import { escapeHtml } from './escape-html.ts'
import { bytes, decimal } from './format-figure.ts'
import { table } from './page.ts'

type Trial = StepSearch['trials'][number]

const OUTCOMES: Record<Trial['outcome'], string> = {
  chosen: 'chosen',
  passed: 'holds the goal',
  missed: 'misses the goal',
  refused: 'refused',
  not_tried: 'not tried',
}

/** Empty for jobs that listed their steps. */
export function searchSection({ search }: Pick<Report, 'search'>): string {
  if (search === null) return ''
  const { trials, limits, reached, ended, chosen } = search
  const rows = trials.map((trial) => [
    trial.name === chosen ? `<b>${escapeHtml(trial.name)}</b>` : escapeHtml(trial.name),
    trial.size_bytes === null ? '' : bytes(trial.size_bytes),
    trial.speedup === null ? '' : `${decimal(trial.speedup, 2)}×`,
    trial.loss === null ? '' : decimal(trial.loss, 4),
    OUTCOMES[trial.outcome],
    trial.reason === 'none' ? '' : escapeHtml(trial.reason),
  ])
  const late = ended === 'out_of_time' ? ' The time for trials ended before all were made.' : ''
  const found = reached
    ? `Of what holds the goal and loses least beyond what may be lost, <b>${escapeHtml(chosen)}</b> is smallest and fastest.`
    : `Nothing that was tried holds the goal; <b>${escapeHtml(chosen)}</b> comes nearest.`
  const may = limits.max_loss_from === 'goal' ? 'may be lost' : 'counts as no loss'
  const limit = `At most ${decimal(limits.max_loss, 4)} ${may} (${escapeHtml(limits.loss_unit)}).`
  return `<h2>What was tried</h2><p class="soft">${found} ${limit}${late}</p>${table(['', 'size', 'speed', 'loss', '', 'why'], rows)}`
}
