// Every endpoint on one page.

import type { Route } from '../route.ts'
import { artifactContentRoute } from './artifacts/content.ts'
import { getArtifactRoute } from './artifacts/get.ts'
import { createDatasetRoute } from './datasets/create.ts'
import { deleteDatasetRoute } from './datasets/delete.ts'
import { getDatasetRoute } from './datasets/get.ts'
import { listDatasetsRoute } from './datasets/list.ts'
import { getDeliveryRoute } from './deliveries/get.ts'
import { listDeliveriesRoute } from './deliveries/list.ts'
import { redeliverRoute } from './deliveries/redeliver.ts'
import { jobArtifactsRoute } from './jobs/artifacts.ts'
import { cancelJobRoute } from './jobs/cancel.ts'
import { createJobRoute } from './jobs/create.ts'
import { jobEventsRoute } from './jobs/events.ts'
import { getJobRoute } from './jobs/get.ts'
import { listJobsRoute } from './jobs/list.ts'
import { jobLogRoute } from './jobs/log.ts'
import { jobReportRoute } from './jobs/report.ts'
import { streamJobRoute } from './jobs/stream.ts'
import { modelContentRoute } from './models/content.ts'
import { createModelRoute } from './models/create.ts'
import { deleteModelRoute } from './models/delete.ts'
import { getModelRoute } from './models/get.ts'
import { listModelsRoute } from './models/list.ts'
import { docsRoute } from './operations/docs.ts'
import { homeRoute } from './operations/home.ts'
import { healthzRoute } from './operations/healthz.ts'
import { methodsRoute } from './operations/methods.ts'
import { metricsRoute } from './operations/metrics.ts'
import { openApiJsonRoute } from './operations/openapi-json.ts'
import { openApiYamlRoute } from './operations/openapi-yaml.ts'
import { readyzRoute } from './operations/readyz.ts'
import { workersRoute } from './operations/workers.ts'
import { cancelUploadRoute } from './uploads/cancel.ts'
import { completeUploadRoute } from './uploads/complete.ts'
import { createUploadRoute } from './uploads/create.ts'
import { getUploadRoute } from './uploads/get.ts'
import { listUploadsRoute } from './uploads/list.ts'
import { putPartRoute } from './uploads/put-part.ts'
import { createWebhookRoute } from './webhooks/create.ts'
import { defaultSecretRoute } from './webhooks/default-secret.ts'
import { deleteWebhookRoute } from './webhooks/delete.ts'
import { webhookDeliveriesRoute } from './webhooks/deliveries.ts'
import { getWebhookRoute } from './webhooks/get.ts'
import { listWebhooksRoute } from './webhooks/list.ts'
import { rotateDefaultSecretRoute } from './webhooks/rotate-default-secret.ts'
import { rotateWebhookSecretRoute } from './webhooks/rotate-secret.ts'
import { webhookSecretRoute } from './webhooks/secret.ts'
import { testWebhookRoute } from './webhooks/test.ts'
import { updateWebhookRoute } from './webhooks/update.ts'

export const ROUTES: readonly Route[] = [
  createModelRoute,
  listModelsRoute,
  getModelRoute,
  deleteModelRoute,
  modelContentRoute,

  createDatasetRoute,
  listDatasetsRoute,
  getDatasetRoute,
  deleteDatasetRoute,

  createUploadRoute,
  listUploadsRoute,
  getUploadRoute,
  putPartRoute,
  completeUploadRoute,
  cancelUploadRoute,

  createJobRoute,
  listJobsRoute,
  getJobRoute,
  cancelJobRoute,
  jobEventsRoute,
  streamJobRoute,
  jobLogRoute,
  jobReportRoute,
  jobArtifactsRoute,

  getArtifactRoute,
  artifactContentRoute,

  createWebhookRoute,
  listWebhooksRoute,
  getWebhookRoute,
  updateWebhookRoute,
  deleteWebhookRoute,
  testWebhookRoute,
  webhookSecretRoute,
  rotateWebhookSecretRoute,
  webhookDeliveriesRoute,
  defaultSecretRoute,
  rotateDefaultSecretRoute,

  listDeliveriesRoute,
  getDeliveryRoute,
  redeliverRoute,

  homeRoute,
  methodsRoute,
  workersRoute,
  healthzRoute,
  readyzRoute,
  metricsRoute,
  openApiYamlRoute,
  openApiJsonRoute,
  docsRoute,
]
