// A Prometheus of Debian's package, on a free port and a folder of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '#test/support/servers/free-port'

export interface Prometheus {
  /** Values of the series that an expression gives now. Throws with Prometheus' words when it takes no such expression. */
  query(expr: string): Promise<readonly number[]>
  close(): Promise<void>
}

/** `targets`: name of the scrape job → host:port. */
export async function startPrometheus(
  folder: string,
  targets: Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const [port] = await freePorts(1)
  const jobs = Object.entries(targets).map(([name, target]) => ({
    job_name: name,
    static_configs: [{ targets: [target] }],
  }))
  const config = { global: { scrape_interval: '1s' }, scrape_configs: jobs }
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const child = spawn('/usr/bin/prometheus', flags, { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`${url}/-/ready`).catch(() => null)
    if (ready?.ok === true) break
    if (tries > 100) throw new Error('Prometheus does not start')
    await sleep(200)
  }
  return {
    query: async (expr) => {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`)
      const answer = (await response.json()) as {
        readonly status: string
        readonly error?: string
        readonly data?: { readonly result: readonly { readonly value: [number, string] }[] }
      }
      if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`)
      return answer.data.result.map(({ value }) => Number(value[1]))
    },
    close: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
