// Starts the service as `npm start` does, on a free port, with a data folder of its own.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface RunningService {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const ENTRY = fileURLToPath(new URL('../../workers/standalone.js', import.meta.url))
const READY = /http:\/\/[^\s"]+/

export async function startService(): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-demo-'))
  const child = spawn(process.execPath, [ENTRY], {
    env: {
      ...process.env,
      TERSOR_HOST: '127.0.0.1',
      TERSOR_PORT: '0',
      TERSOR_DATA_DIR: folder,
      TERSOR_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const url = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = READY.exec(output)
      if (found !== null && output.includes('\n')) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${output}`)))
  })
  return {
    url,
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
