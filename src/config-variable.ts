// One row of the tables of settings.

import type { ConfigValue } from './config-values.ts'

export interface ConfigVariable<T> extends ConfigValue<T> {
  readonly variable: string
  /** What is read when the variable is absent or empty. */
  readonly fallback: string
  readonly description: string
}

export function configVariable<T>(
  variable: string,
  fallback: string,
  value: ConfigValue<T>,
  description: string,
): ConfigVariable<T> {
  return { variable, fallback, description, ...value }
}
