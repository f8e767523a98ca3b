// The built program as processes of their own, for tests from outside: one that is API and worker, or one of each.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { credentialsEnv, profileEnv, testProfile } from './profile.ts'

export interface ServiceProcesses {
  readonly url: string
  readonly pids: readonly number[]
  /** Resolves with their exit codes (null: ended by a signal) when all have ended. */
  kill(signal: NodeJS.Signals): Promise<readonly (number | null)[]>
}

interface Started {
  /** The line that says that it is ready. */
  readonly ready: string
  readonly pid: number
  kill(signal: NodeJS.Signals): Promise<number | null>
}

const DIST = join(import.meta.dirname, '../../dist')
const READY = /Tersor.* is ready.*\n/

/** `dataDir` names what survives the processes, so that others can take over. */
export async function startProcesses(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcesses> {
  const entries =
    testProfile() === 'embedded' ? ['workers/standalone.js'] : ['src/main.js', 'workers/main.js']
  const settings = {
    TERSOR_DATA_DIR: dataDir,
    TERSOR_PORT: '0',
    TERSOR_LOG_LEVEL: 'warn',
    ...profileEnv(dataDir),
    ...credentialsEnv(),
    ...env,
  }
  const started = await Promise.all(entries.map((entry) => startEntry(entry, settings)))
  const url = /http:\S+/.exec(started[0]!.ready)?.[0]
  if (url === undefined) throw new Error(`no URL in ${started[0]!.ready}`)
  return {
    url,
    pids: started.map(({ pid }) => pid),
    kill: (signal) => Promise.all(started.map((one) => one.kill(signal))),
  }
}

async function startEntry(
  entry: string,
  settings: Readonly<Record<string, string>>,
): Promise<Started> {
  const child = spawn(process.execPath, [join(DIST, entry)], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  return {
    ready: await readyLine(child, ended),
    pid: child.pid!,
    kill: async (signal) => {
      child.kill(signal)
      return await ended
    },
  }
}

function readyLine(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const ready = READY.exec(output)?.[0]
      if (ready !== undefined) resolve(ready)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    void ended.then(() => reject(new Error(`the program ended: ${output}`)))
  })
}
