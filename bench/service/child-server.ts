// A server process of a benchmark: started, measured, killed.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface ChildServer {
  readonly url: string
  /** Resident bytes of the process alone, from /proc. */
  residentBytes(): number
  /** Highest resident bytes since the start. */
  peakBytes(): number
  /** Asks what `watch-event-loop.ts` saw. */
  ask(): void
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

const READY = /http:\/\/[^\s"]+/
export const STANDALONE = fileURLToPath(new URL('../../workers/standalone.js', import.meta.url))

/** The built service on a data folder, at a free port. */
export function startService(dataFolder: string): Promise<ChildServer> {
  return startServer(STANDALONE, [], {
    TERSOR_HOST: '127.0.0.1',
    TERSOR_PORT: '0',
    TERSOR_DATA_DIR: dataFolder,
    TERSOR_LOG_LEVEL: 'error',
  })
}

/** A program that prints a line with its URL once it listens. */
export async function startServer(
  program: string,
  arguments_: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildServer> {
  const child = spawn(process.execPath, [program, ...arguments_], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const url = await readyUrl(child)
  return {
    url,
    residentBytes: () => statusBytes(child, 'VmRSS'),
    peakBytes: () => statusBytes(child, 'VmHWM'),
    ask: () => void child.kill('SIGUSR2'),
    async kill(signal) {
      child.kill(signal)
      await exited
    },
  }
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = READY.exec(output)
      if (found !== null && output.includes('\n', found.index)) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)))
  })
}

function statusBytes(child: ChildProcess, field: string): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)
  if (found === null) throw new Error(`No ${field} in /proc/${child.pid}/status`)
  return Number(found[1]) * 1024
}
