// A fixed number of clients, each sending its next request when the last was answered.

import { Pool } from 'undici'

export interface LoadResult {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Answers other than 201. */
  readonly refused: number
}

export async function sendLoad(
  url: string,
  body: string,
  clients: number,
  seconds: number,
): Promise<LoadResult> {
  const pool = new Pool(url, { connections: clients, pipelining: 1 })
  const times: number[] = []
  let refused = 0
  const started = performance.now()
  const until = started + seconds * 1000
  async function client(): Promise<void> {
    while (performance.now() < until) {
      const before = performance.now()
      const { statusCode, body: answer } = await pool.request({
        method: 'POST',
        path: '/v1/jobs',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await answer.dump()
      times.push(performance.now() - before)
      if (statusCode !== 201) refused += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const elapsed = (performance.now() - started) / 1000
  await pool.close()
  times.sort((one, other) => one - other)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0
  return { perSecond: times.length / elapsed, p50: at(0.5), p99: at(0.99), refused }
}
