// How many entries of one group may be worked on at the same time.

import type { Config } from '#src/config'
import type { GroupPlaces } from '#src/ports/job-queue'

/** Deliveries to one receiver: one that is slow takes no more places than these. */
const PLACES_PER_RECEIVER = 4

export function groupPlaces(config: Config): GroupPlaces {
  return { compress: config.tenantJobs, 'deliver-webhook': PLACES_PER_RECEIVER }
}
