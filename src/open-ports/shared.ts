// The ports of the distributed profile: any number of processes on one Redis and, where one is named, one bucket.

import type { Logger } from 'pino'
import type { Config } from '#src/config'
import type { Closer } from '#src/container'
import type { Ports } from '#src/services/service-context'

export async function openSharedPorts(
  _config: Config,
  _log: Logger,
  _closers: Closer[],
): Promise<Ports> {
  throw new Error('Redis is not wired yet')
}
