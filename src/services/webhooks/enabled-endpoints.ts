// The endpoints of a tenant that are enabled, remembered for a moment: most tenants have none, and every job asks.

import type { WebhookRecord } from '#src/domain/webhook'
import type { Clock } from '#src/ports/clock'
import type { RecordStore } from '#src/ports/record-store'

/** More are refused: each wanted event is one delivery per endpoint, all in one commit. */
export const MAX_ENDPOINTS = 50
/** An endpoint that another process made is heard of within this time. */
const REMEMBERED_MS = 1000
const MOST_TENANTS = 10_000

interface Remembered {
  readonly until: number
  readonly endpoints: readonly WebhookRecord[]
}

export class EnabledEndpoints {
  readonly #records: RecordStore
  readonly #clock: Clock
  readonly #known: Map<string, Remembered>

  constructor(records: RecordStore, clock: Clock, known = new Map<string, Remembered>()) {
    this.#records = records
    this.#clock = clock
    this.#known = known
  }

  /** The same, looked up through another store, such as one that waits until Redis answers. */
  through(records: RecordStore): EnabledEndpoints {
    return new EnabledEndpoints(records, this.#clock, this.#known)
  }

  /** `recent`: as they were up to a second ago. */
  async of(tenant: string, age: 'now' | 'recent'): Promise<readonly WebhookRecord[]> {
    const known = this.#known.get(tenant)
    const now = this.#clock.now()
    if (age === 'recent' && known !== undefined && known.until > now) return known.endpoints
    const found = await this.#records.list('webhook', {
      where: { tenant, status: 'enabled' },
      order: 'ascending',
      limit: MAX_ENDPOINTS,
    })
    const endpoints = found.map(({ record }) => record)
    if (this.#known.size >= MOST_TENANTS) this.#known.clear()
    this.#known.set(tenant, { until: now + REMEMBERED_MS, endpoints })
    return endpoints
  }

  /** To be called after an endpoint of the tenant was changed here. */
  forget(tenant: string): void {
    this.#known.delete(tenant)
  }
}
