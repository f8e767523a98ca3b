// docs/config.md, printed from the table of variables.

import { CONFIG_VARIABLES } from './config.ts'

export function printConfigDocument(): string {
  const rows = Object.values(CONFIG_VARIABLES).map(
    ({ variable, fallback, allowed, description }) =>
      `| \`${variable}\` | ${fallback === '' ? 'none' : `\`${fallback}\``} | ${description} | ${allowed} |`,
  )
  return [
    '# Configuration',
    '',
    'Environment variables, read once at the start. A variable that is empty counts as absent; one that is wrong, or',
    'starts with `TERSOR_` and is not listed here, stops the start with a message that names it.',
    '',
    '| Variable | Default | Meaning | Allowed |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Clients (`tersor`, the SDK) read `TERSOR_URL` and `TERSOR_API_KEY`; the service ignores both.',
    '',
  ].join('\n')
}
