// A child process that runs one model before and after its upgrade; started again when a model crashes it or takes too long.

import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface UpgradeRequest {
  readonly file: string
  readonly target: number
}

export interface UpgradeReply {
  /** `refused`: by the upgrade; `unreadable`: by us; `not run`: the runtime runs neither form. */
  readonly outcome:
    | 'compared'
    | 'refused'
    | 'unreadable'
    | 'not run'
    | 'runs only upgraded'
    | 'broken'
    | 'crash'
  readonly from: number
  readonly to: number
  readonly changed: number
  /** Largest |a − b| over all outputs, as a share of the largest |a|. */
  readonly difference: number
  readonly against: 'the original' | 'stored outputs' | 'nothing'
  readonly note: string
}

export const NOTHING_COMPARED = {
  from: 0,
  to: 0,
  changed: 0,
  difference: 0,
  against: 'nothing',
} as const

export class UpgradeProcess {
  #child: ChildProcess | null = null

  ask(request: UpgradeRequest, timeout = 120_000): Promise<UpgradeReply> {
    this.#child ??= fork(fileURLToPath(new URL('./upgrade-child.js', import.meta.url)), {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    })
    const child = this.#child
    return new Promise((resolve) => {
      const finish = (reply: UpgradeReply) => {
        clearTimeout(timer)
        child.removeAllListeners('message')
        child.removeAllListeners('exit')
        resolve(reply)
      }
      const fail = (note: string) => {
        this.#child = null
        child.kill('SIGKILL')
        finish({ ...NOTHING_COMPARED, outcome: 'crash', note })
      }
      const timer = setTimeout(() => fail('timeout'), timeout)
      child.once('message', (reply) => finish(reply as UpgradeReply))
      child.once('exit', (code, signal) => fail(`exit ${code ?? signal}`))
      child.send(request)
    })
  }

  close(): void {
    this.#child?.kill()
  }
}
