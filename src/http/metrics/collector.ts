// Figures that are read from the stores when somebody scrapes, rather than counted as things happen.

import type { Registry } from 'prom-client'
import type { ServiceContext } from '#src/services/service-context'

/** Registers its metrics; the result brings them up to date. */
export type Collector = (context: ServiceContext, registry: Registry) => () => Promise<void>
