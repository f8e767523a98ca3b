// The ports of the distributed profile: any number of processes on one Redis and, where one is named, one bucket.

import { openRedisClock } from '#src/adapters/clock/redis'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { openJournaledRecords } from '#src/adapters/records/journaled'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import type { RedisRole } from '#src/adapters/redis/connection'
import type { PortOptions } from '#src/container'
import type { Ports } from '#src/services/service-context'
import { openBlobs } from './blobs.ts'

import { groupPlaces } from './group-places.ts'
import { openJournal } from './journal.ts'
import { warnSeldom } from './warn-seldom.ts'

export async function openSharedPorts(options: PortOptions): Promise<Ports> {
  const { config, log, closers } = options
  const { redisUrl: url, redisPrefix } = config
  const onError = warnSeldom(log, 'Redis')
  const connect = (role: RedisRole) => {
    const redis = openRedisConnection(url, role, { onError, name: `tersor-${role}` })
    closers.push(() => closeRedisConnection(redis))
    return redis
  }
  const blobs = await openBlobs(options)

  // A hash tag: all keys lie in one slot of a cluster.
  const prefix = `{${redisPrefix}}`
  const journal = await openJournal(options)
  const records = await openJournaledRecords({
    redis: connect('producer'),
    prefix,
    journal,
    onError: warnSeldom(log, 'the journal of the records'),
    onRecovered: (count) =>
      log.warn({ records: count }, 'Redis had been emptied; the records are back'),
  })
  closers.push(() => records.close())

  const feed = await FEED_DRIVERS.redis({
    publisher: connect('producer'),
    subscriber: connect('subscriber'),
    prefix,
    onError: (error) => log.error({ err: error }, 'news could not be told'),
  })
  closers.push(() => feed.close())

  const clock = await openRedisClock({ redis: connect('producer'), onError })
  closers.push(() => clock.close())

  const queue = await QUEUE_DRIVERS.bullmq({
    url,
    prefix,
    groupPlaces: groupPlaces(config),
    clock,
    onError: warnSeldom(log, 'the queue'),
  })
  closers.push(() => queue.close())

  return { blobs, records, feed, queue, clock, journalLag: () => records.journalLag() }
}
