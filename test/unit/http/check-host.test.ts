import { expect, it } from 'vitest'
import { checkHost } from '#src/http/plugins/check-host'

it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:80', '127.9.8.7', '[::1]:1', 'box:9'])(
  'accepts %s',
  (header) => {
    expect(() => checkHost(header, 'box')).not.toThrow()
  },
)

it.each([undefined, '', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil', '10.0.0.1'])(
  'refuses %s',
  (header) => {
    expect(() => checkHost(header, 'box')).toThrow('Host header')
  },
)
