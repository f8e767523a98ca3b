// A real Prometheus scrapes the service and answers every query of the dashboard; promtool reads the guide's settings.
// As root on Debian or Ubuntu: npm run build && node dist/bench/monitoring.js

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { installPackages } from '#test/support/servers/debian-packages'
import { freePorts } from '#test/support/servers/free-port'
import { runOneJob } from './images/one-job.ts'
import { run } from './images/run-command.ts'
import { dashboardQueries } from './monitoring/dashboard-queries.ts'
import { startPrometheus } from './monitoring/prometheus.ts'
import { STANDALONE, startServer } from './service/child-server.ts'

const GUIDE = fileURLToPath(new URL('../../docs/operations/', import.meta.url))
const JOBS = 3
/** Jobs are counted five seconds late, figures read every five. */
const SETTLE_MS = 15_000
/** Series that exist only after something went wrong. */
const QUIET = [
  'Failures per hour, by code',
  'Server errors per second',
  'Failed calls to stores per second',
]

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Blocks of YAML in the guide, by their first word. */
async function settings(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(GUIDE, 'monitoring.md'), 'utf8')
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block!)
  return new Map(blocks.map((block) => [/^\w+/.exec(block)?.[0] ?? '', block]))
}

await installPackages(['prometheus'])
const folder = await mkdtemp(join(tmpdir(), 'tersor-monitoring-'))
const [metricsPort] = await freePorts(1)
const service = await startServer(STANDALONE, [], {
  TERSOR_HOST: '127.0.0.1',
  TERSOR_PORT: '0',
  TERSOR_DATA_DIR: join(folder, 'data'),
  TERSOR_LOG_LEVEL: 'error',
  TERSOR_METRICS_PORT: String(metricsPort),
})
const prometheus = await startPrometheus(folder, {
  'tersor-api': new URL(service.url).host,
  'tersor-worker': `127.0.0.1:${metricsPort}`,
})
let problems = 0
try {
  const blocks = await settings()
  for (const [word, check] of [
    ['groups', ['check', 'rules']],
    ['scrape_configs', ['check', 'config', '--syntax-only']],
  ] as const) {
    const path = join(folder, `${word}.yml`)
    await writeFile(path, blocks.get(word) ?? '')
    say((await run('promtool', [...check, path])).trim().split('\n').at(-1)!)
  }
  await sleep(SETTLE_MS)
  for (let seed = 1; seed <= JOBS; seed += 1) await runOneJob(service.url, 'none', seed)
  await sleep(SETTLE_MS)
  for (const { title, expr } of await dashboardQueries(join(GUIDE, 'grafana-dashboard.json'))) {
    const values = await prometheus.query(expr)
    const empty = values.length === 0 && !QUIET.includes(title)
    if (empty) problems += 1
    say(`${empty ? 'FAIL' : 'ok  '} ${String(values.length).padStart(2)} series  ${title}`)
  }
  const [finished] = await prometheus.query('max(tersor_jobs_finished_total{status="succeeded"})')
  say(`${finished === JOBS ? 'ok  ' : 'FAIL'} ${finished} of ${JOBS} jobs counted`)
  if (finished !== JOBS) problems += 1
} finally {
  await prometheus.close()
  await service.kill('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
say(problems === 0 ? 'all held' : `${problems} did not hold`)
process.exitCode = problems === 0 ? 0 : 1
