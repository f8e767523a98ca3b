// What a model loses with each group of channels, as a table whose cells are the darker the more is lost.

import type { z } from 'zod'
import type { StepReport } from '#src/domain/report'
import { pruneSensitivity } from '#src/domain/prune-sensitivity-table'
import { escapeHtml } from './escape-html.ts'
import { count, decimal, percent } from './format-figure.ts'
import { table } from './page.ts'

/** Empty for steps that measured nothing of the kind. */
export function sensitivityTable({ details }: Pick<StepReport, 'details'>): string {
  const found = pruneSensitivity.safeParse(details['sensitivity'])
  if (!found.success || found.data.groups.length === 0) return ''
  const { quality, groups, curvature } = found.data
  const ratios = groups[0]?.points.map(({ ratio }) => ratio) ?? []
  const most = Math.max(...groups.flatMap(({ points }) => points.map(({ lost }) => lost)))
  const rows = groups.map(({ layers, more_layers: more, size, chosen, points }) => [
    escapeHtml(layers.join(', ')) + (more > 0 ? ` and ${more} more` : ''),
    String(size),
    ...points.map(({ lost }) => shaded(lost, most)),
    percent(chosen),
  ])
  const head = ['layers', 'channels', ...ratios.map((ratio) => `${percent(ratio)} gone`), 'chosen']
  const what =
    quality === null
      ? 'error of the outputs'
      : `what is lost of the metric, which is ${decimal(quality, 4)}`
  return `<h3>Sensitivity</h3><p class="soft">Each group alone, nothing trained or repaired: ${what}.</p>${table(head, rows)}${curvature === null ? '' : curvatureTable(curvature)}`
}

type Curvature = NonNullable<z.infer<typeof pruneSensitivity>['curvature']>

function curvatureTable({ samples, layers }: Curvature): string {
  const rows = layers.map(({ layers: names, more_layers: more, ...found }) => [
    escapeHtml(names.join(', ')) + (more > 0 ? ` and ${more} more` : ''),
    found.top_eigenvalue === null
      ? escapeHtml(found.reason ?? '–')
      : found.top_eigenvalue.toPrecision(3) + (found.converged ? '' : ', not settled'),
  ])
  const what = `How sharply the loss bends, at most, when the weights of a layer move: the top eigenvalue of the Hessian in these weights alone, on ${count(samples)} samples.`
  return `<h3>Curvature</h3><p class="soft">${what}</p>${table(['layers', 'top eigenvalue'], rows)}`
}

/** Nothing lost is clear, the most is red. */
function shaded(lost: number, most: number): string {
  const share = most > 0 ? Math.max(0, Math.min(1, lost / most)) : 0
  return `<span style="background:rgb(200 40 40 / ${decimal(0.6 * share, 2)})">${decimal(lost, 3)}</span>`
}
