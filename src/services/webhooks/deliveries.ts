// Deliveries: look up and list.

import type { DeliveryRecord } from '#src/domain/webhook'
import type { Page, PageRequest } from '../list-page.ts'
import { listPage } from '../list-page.ts'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'

export interface DeliveryFilters {
  readonly status?: DeliveryRecord['status']
  /** `none`: those to URLs that jobs brought. */
  readonly webhook?: string
  readonly job?: string
}

export async function getDelivery(
  { records }: ServiceContext,
  tenant: string,
  id: string,
): Promise<DeliveryRecord> {
  return (await getOwned(records, 'delivery', tenant, id)).record
}

export async function listDeliveries(
  { records }: ServiceContext,
  tenant: string,
  filters: DeliveryFilters,
  page: PageRequest,
): Promise<Page<DeliveryRecord>> {
  return await listPage(records, 'delivery', tenant, { tenant, ...filters }, page)
}
