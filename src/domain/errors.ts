// Every error that a client can meet, in one table. `docs/errors.md` is printed from it.
// `title` is public and constant; what happened this time goes into `detail`. Nothing else reaches a client.

export interface ErrorEntry {
  /** HTTP status when the error answers a request. Codes of failed jobs carry the status of their nearest request error. */
  readonly status: number
  readonly title: string
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
}

export const ERRORS = {
  // The request itself
  malformed_request: { status: 400, title: 'The request is not valid HTTP', retryable: false },
  invalid_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  body_required: { status: 400, title: 'A body is required', retryable: false },
  body_must_be_object: { status: 400, title: 'The body must be a JSON object', retryable: false },
  unknown_field: { status: 400, title: 'The body has a field that is not known', retryable: false },
  wrong_type: { status: 400, title: 'A field has the wrong type', retryable: false },
  missing_field: { status: 400, title: 'A required field is missing', retryable: false },
  invalid_string: {
    status: 400,
    title: 'A string does not have the form asked for',
    retryable: false,
  },
  invalid_parameter: { status: 400, title: 'A parameter or header is not valid', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor is not valid', retryable: false },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    retryable: false,
  },
  unauthorized: { status: 401, title: 'A valid API key is required', retryable: false },
  forbidden: { status: 403, title: 'The caller may not do this', retryable: false },
  not_found: { status: 404, title: 'There is no such thing here', retryable: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', retryable: false },
  not_acceptable: {
    status: 406,
    title: 'None of the accepted media types can be served',
    retryable: false,
  },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retryable: true },
  idempotency_conflict: {
    status: 409,
    title: 'A request with this Idempotency-Key is still running',
    retryable: true,
  },
  job_already_finished: { status: 409, title: 'The job has finished already', retryable: false },
  job_not_finished: { status: 409, title: 'The job has not finished yet', retryable: true },
  in_use: { status: 409, title: 'A job that has not finished needs this', retryable: true },
  parts_missing: { status: 409, title: 'Parts of the upload are missing', retryable: false },
  upload_not_pending: { status: 409, title: 'The upload takes no more parts', retryable: false },
  upload_not_completed: { status: 409, title: 'The upload is not completed', retryable: false },
  upload_used: { status: 409, title: 'The upload has been used already', retryable: false },
  upload_expired: { status: 410, title: 'The upload has expired', retryable: false },
  length_required: { status: 411, title: 'The length of the body is required', retryable: false },
  payload_too_large: { status: 413, title: 'The body is larger than allowed', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    retryable: false,
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The range lies outside the content',
    retryable: false,
  },
  header_too_large: { status: 431, title: 'The header fields are too large', retryable: false },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used with another request',
    retryable: false,
  },
  out_of_range: { status: 422, title: 'A value lies outside its range', retryable: false },
  invalid_value: { status: 422, title: 'A value is not one of those allowed', retryable: false },
  limit_exceeded: { status: 422, title: 'A limit is exceeded', retryable: false },
  too_many_uploads: { status: 429, title: 'Too many uploads are pending', retryable: true },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal_error: { status: 500, title: 'Something went wrong on our side', retryable: true },
  unavailable: { status: 503, title: 'The service cannot take this now', retryable: true },
  storage_full: { status: 507, title: 'The storage is full', retryable: true },
  // Uploads and archives
  empty_file: { status: 422, title: 'The file is empty', retryable: false },
  checksum_mismatch: {
    status: 422,
    title: 'The bytes do not match their checksum',
    retryable: false,
  },
  part_mismatch: {
    status: 422,
    title: 'A part differs from what the upload declares',
    retryable: false,
  },
  archive_invalid: { status: 422, title: 'The archive is not valid', retryable: false },
  archive_path_escape: {
    status: 422,
    title: 'An archive entry points outside the archive',
    retryable: false,
  },
  archive_link_forbidden: {
    status: 422,
    title: 'Archives may hold plain files only',
    retryable: false,
  },
  archive_too_large_when_unpacked: {
    status: 422,
    title: 'The archive unpacks to more than allowed',
    retryable: false,
  },
  // Datasets
  dataset_invalid: { status: 422, title: 'The dataset cannot be read', retryable: false },
  dataset_unusable: { status: 422, title: 'The dataset cannot be used for this', retryable: false },
  dataset_required: { status: 422, title: 'This needs a dataset', retryable: false },
  dtype_not_allowed: { status: 422, title: 'The element type is not allowed', retryable: false },
  npy_header_invalid: { status: 422, title: 'The .npy header is not valid', retryable: false },
  size_mismatch: {
    status: 422,
    title: 'The size of the data differs from what is declared',
    retryable: false,
  },
  shape_mismatch: {
    status: 422,
    title: 'The data does not have the shape the model takes',
    retryable: false,
  },
  image_invalid: { status: 422, title: 'An image cannot be read', retryable: false },
  image_too_many_pixels: {
    status: 422,
    title: 'An image has more pixels than allowed',
    retryable: false,
  },
  // Models; the codes of src/onnx/onnx-error.ts
  model_invalid: { status: 422, title: 'The model is not valid', retryable: false },
  not_onnx: { status: 422, title: 'The file is not an ONNX model', retryable: false },
  onnx_version_unsupported: {
    status: 422,
    title: 'The version of the model is not supported',
    retryable: false,
  },
  unsupported_operator: {
    status: 422,
    title: 'The model uses operators that are not supported',
    retryable: false,
  },
  unsupported_input: {
    status: 422,
    title: 'The model takes inputs that are not supported',
    retryable: false,
  },
  invalid_graph: { status: 422, title: 'The graph is not valid', retryable: false },
  invalid_initializer: { status: 422, title: 'An initializer is not valid', retryable: false },
  invalid_attribute: { status: 422, title: 'An attribute is not valid', retryable: false },
  invalid_weights: {
    status: 422,
    title: 'The weights hold values that are not finite',
    retryable: false,
  },
  external_data_forbidden: {
    status: 422,
    title: 'External data lies outside the upload',
    retryable: false,
  },
  external_data_missing: {
    status: 422,
    title: 'External data is not part of the upload',
    retryable: false,
  },
  tensor_too_large: { status: 422, title: 'A tensor is larger than allowed', retryable: false },
  loop_unbounded: { status: 422, title: 'A loop runs longer than allowed', retryable: false },
  function_expansion_limit: {
    status: 422,
    title: 'Functions expand to more nodes than allowed',
    retryable: false,
  },
  graph_too_deep: { status: 422, title: 'Graphs are nested deeper than allowed', retryable: false },
  model_too_complex: {
    status: 422,
    title: 'The model is more complex than allowed',
    retryable: false,
  },
  name_too_long: { status: 422, title: 'A name is longer than allowed', retryable: false },
  // Recipes
  too_many_steps: { status: 422, title: 'The job has more steps than allowed', retryable: false },
  pipeline_conflict: {
    status: 422,
    title: 'The steps cannot follow each other in this order',
    retryable: false,
  },
  step_unsupported: { status: 422, title: 'The model cannot take this step', retryable: false },
  evaluation_invalid: {
    status: 422,
    title: 'The evaluation does not fit the model or the data',
    retryable: false,
  },
  // Webhooks
  webhook_disabled: { status: 409, title: 'The webhook is disabled', retryable: false },
  webhook_url_forbidden: { status: 422, title: 'The webhook URL is not allowed', retryable: false },
  // How jobs fail
  step_failed: { status: 422, title: 'A step failed', retryable: false },
  goal_not_met: { status: 422, title: 'The goal was not met', retryable: false },
  deadline_exceeded: {
    status: 422,
    title: 'The job ran longer than its timeout',
    retryable: false,
  },
  out_of_memory: {
    status: 422,
    title: 'The job needed more memory than allowed',
    retryable: false,
  },
  runtime_crashed: { status: 422, title: 'The runtime crashed on this model', retryable: false },
  runtime_rejected: { status: 422, title: 'The runtime cannot run this model', retryable: false },
  worker_lost: { status: 500, title: 'The worker died too often on this job', retryable: true },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

/** One field of the request that is wrong. `pointer` is a JSON Pointer (RFC 6901) into the body, or the parameter's name. */
export interface FieldError {
  readonly pointer: string
  readonly code: ErrorCode
  readonly detail: string
}

/** The one error class of the service. `detail` is public: no paths, keys, stacks or runtime text. */
export class TersorError extends Error {
  readonly code: ErrorCode
  readonly detail: string
  readonly errors: readonly FieldError[]
  /** Headers the answer must carry, such as Allow or Retry-After. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    detail: string,
    more: {
      readonly errors?: readonly FieldError[]
      readonly headers?: Readonly<Record<string, string>>
      readonly cause?: unknown
    } = {},
  ) {
    super(`${code}: ${detail}`, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'TersorError'
    this.code = code
    this.detail = detail
    this.errors = more.errors ?? []
    this.headers = more.headers ?? {}
  }
}
