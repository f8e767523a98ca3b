// News between processes, by Redis pub/sub: one channel per job, and a pattern for all of them.

import type { Redis } from 'ioredis'
import type { FeedMessage, ProgressFeed } from '#src/ports/progress-feed'
import { waitForRedis } from '../redis/connection.ts'
import { Topics } from './topics.ts'

export interface RedisFeedOptions {
  /** Both stay open when the feed is closed: whoever opened them closes them. */
  readonly publisher: Redis
  /** For this feed alone: a connection that subscribes can do nothing else. */
  readonly subscriber: Redis
  /** Of all channels. */
  readonly prefix: string
  /** Told what a subscriber threw, and what kept news from being published. */
  readonly onError: (error: unknown) => void
}

/** A subscription that Redis has not confirmed by then takes effect when Redis is back. */
const SUBSCRIBE_MS = 1000
const CONNECT_MS = 5000
/** Nothing else would tell that a connection on which nothing is sent leads nowhere. */
const PING_MS = 5000

export async function openRedisFeed(options: RedisFeedOptions): Promise<ProgressFeed> {
  const { publisher, subscriber, onError } = options
  const start = `${options.prefix}:feed:`
  const everything = `${start.replace(/[*?[\]\\]/g, '\\$&')}*`
  const topics = new Topics(onError)
  /** Of the topics that Redis was asked for. */
  const confirmed = new Map<string, Promise<unknown>>()

  const read = (channel: string, kind: string): FeedMessage => {
    return { job: channel.slice(start.length), kind: kind as FeedMessage['kind'] }
  }
  const onMessage = (channel: string, kind: string): void =>
    topics.deliver(channel.slice(start.length), read(channel, kind))
  const onPatternMessage = (_pattern: string, channel: string, kind: string): void =>
    topics.deliver('*', read(channel, kind))
  subscriber.on('message', onMessage)
  subscriber.on('pmessage', onPatternMessage)
  const pings = setInterval(() => {
    if (subscriber.status === 'ready') subscriber.ping().catch(onError)
  }, PING_MS)
  await Promise.all([publisher, subscriber].map((redis) => waitForRedis(redis, CONNECT_MS)))

  function ask(topic: string): Promise<unknown> {
    const known = confirmed.get(topic)
    if (known !== undefined) return known
    const sent =
      topic === '*' ? subscriber.psubscribe(everything) : subscriber.subscribe(start + topic)
    const answered = sent.catch(onError)
    confirmed.set(topic, answered)
    return answered
  }

  function leave(topic: string): void {
    if (!confirmed.delete(topic)) return
    const sent =
      topic === '*' ? subscriber.punsubscribe(everything) : subscriber.unsubscribe(start + topic)
    sent.catch(onError)
  }

  return {
    async publish({ job, kind }) {
      // Whoever waits for news also looks at the records now and then: lost news is late news.
      await publisher.publish(start + job, kind).catch(onError)
    },

    async subscribe(job, handler) {
      const stop = topics.listen(job, handler)
      await answeredOrLate(ask(job))
      return () => {
        stop()
        if (!topics.has(job)) leave(job)
      }
    },

    async close() {
      clearInterval(pings)
      subscriber.off('message', onMessage)
      subscriber.off('pmessage', onPatternMessage)
      topics.clear()
      for (const topic of confirmed.keys()) leave(topic)
    },
  }
}

async function answeredOrLate(answered: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SUBSCRIBE_MS)
  })
  await Promise.race([answered, late])
  clearTimeout(timer)
}
