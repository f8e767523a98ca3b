// What the Grafana dashboard asks Prometheus for, with its variables filled in.

import { readFile } from 'node:fs/promises'

export interface DashboardQuery {
  readonly title: string
  readonly expr: string
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

export async function dashboardQueries(path: string): Promise<readonly DashboardQuery[]> {
  const { panels } = JSON.parse(await readFile(path, 'utf8')) as { readonly panels: Panel[] }
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$job', '.*') })),
  )
}
