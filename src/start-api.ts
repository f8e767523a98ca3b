// The HTTP API of a process: the gate for keys, the server, and words for what keeps it from listening.

import { type Config, ConfigError } from './config.ts'
import type { Container } from './container.ts'
import { buildApp } from './http/app.ts'
import { anyApiKey } from './services/api-keys.ts'

export interface RunningApi {
  /** As clients reach it, for instance http://127.0.0.1:8080. */
  readonly address: string
  /** Answers what is in flight, accepts nothing more. */
  close(): Promise<void>
}

/** @throws ConfigError where anybody could reach an API without a key, ListenError where the address cannot be had */
export async function startApi({ config, context, log }: Container): Promise<RunningApi> {
  if (!config.loopback && !(await anyApiKey(context))) {
    throw new ConfigError([
      `TERSOR_HOST ${config.host} can be reached from outside, and there is no API key: create one with \`npx tersor keys create\``,
    ])
  }
  const app = buildApp({ config, context, log })
  const address = await app
    .listen({ host: config.host, port: config.port })
    .catch((error: unknown) => {
      throw listenProblem(error as NodeJS.ErrnoException, config)
    })
  return { address, close: () => closeApp(app, config.shutdownSeconds * 1000) }
}

const LOOK_FOR_IDLE_MS = 100

/** Requests that are not answered within the grace are cut off. */
async function closeApp(app: ReturnType<typeof buildApp>, graceMs: number): Promise<void> {
  // A connection that was about to fall idle when the server closed would be kept for its keep-alive time.
  const idle = setInterval(() => app.server.closeIdleConnections(), LOOK_FOR_IDLE_MS)
  const late = setTimeout(() => app.server.closeAllConnections(), graceMs)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(late)
  }
}

const LISTEN_PROBLEMS: Record<string, (config: Config) => string> = {
  EADDRINUSE: ({ port }) =>
    `Port ${port} is in use: set TERSOR_PORT to another, or to 0 for a free one.`,
  EACCES: ({ port }) =>
    `Port ${port} needs rights this user lacks: set TERSOR_PORT to one above 1023.`,
  EADDRNOTAVAIL: ({ host }) =>
    `${host} is no address of this machine: set TERSOR_HOST to one that is.`,
  ENOTFOUND: ({ host }) => `${host} is no name of an address: set TERSOR_HOST to one.`,
}

export class ListenError extends Error {
  override readonly name = 'ListenError'
}

function listenProblem(error: NodeJS.ErrnoException, config: Config): Error {
  const sentence = LISTEN_PROBLEMS[error.code ?? '']
  return sentence === undefined ? error : new ListenError(sentence(config))
}
