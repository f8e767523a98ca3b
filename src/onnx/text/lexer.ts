// Tokens of ONNX's textual syntax. `#` starts a comment.

export interface Token {
  readonly kind: 'word' | 'string' | 'int' | 'float' | 'sign' | 'end'
  /** A string without its quotes and escapes; everything else as written. */
  readonly text: string
  readonly offset: number
}

const BLANK = /(?:\s+|#[^\n]*)*/uy
const WORD = /[A-Za-z_]\w*/uy
const STRING = /"(?:[^"\\]|\\[^])*"/uy
const FLOAT =
  /[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)|[-+]inf\b/uy
const INT = /[-+]?\d+/uy
const SIGN = /=>|[{}()[\]<>=,:@?.]/uy

export class Lexer {
  readonly #source: string
  #next: Token
  #afterNext: Token | null = null

  constructor(source: string) {
    this.#source = source
    this.#next = this.#scan(0)
  }

  /** The token to come. */
  get token(): Token {
    return this.#next
  }

  /** The token behind the one to come. */
  get lookahead(): Token {
    this.#afterNext ??= this.#scan(this.#endOf(this.#next))
    return this.#afterNext
  }

  #ends = new WeakMap<Token, number>()

  #endOf(token: Token): number {
    return this.#ends.get(token) ?? this.#source.length
  }

  #match(pattern: RegExp, offset: number): string | null {
    pattern.lastIndex = offset
    return pattern.exec(this.#source)?.[0] ?? null
  }

  #scan(from: number): Token {
    const offset = from + (this.#match(BLANK, from) ?? '').length
    if (offset >= this.#source.length) return { kind: 'end', text: '', offset }
    const kinds = [
      ['word', WORD],
      ['string', STRING],
      ['float', FLOAT],
      ['int', INT],
      ['sign', SIGN],
    ] as const
    for (const [kind, pattern] of kinds) {
      const raw = this.#match(pattern, offset)
      if (raw === null) continue
      const text = kind === 'string' ? raw.slice(1, -1).replace(/\\([^])/gu, '$1') : raw
      const token: Token = { kind, text, offset }
      this.#ends.set(token, offset + raw.length)
      return token
    }
    throw this.errorAt(offset, `unexpected character '${this.#source[offset]}'`)
  }

  take(): Token {
    const token = this.#next
    this.#next = this.lookahead
    this.#afterNext = null
    return token
  }

  is(sign: string): boolean {
    return this.#next.kind === 'sign' && this.#next.text === sign
  }

  /** Takes the sign if it is next. */
  skip(sign: string): boolean {
    if (!this.is(sign)) return false
    this.take()
    return true
  }

  expect(sign: string): void {
    if (!this.skip(sign)) throw this.error(`expected '${sign}'`)
  }

  word(): string {
    if (this.#next.kind !== 'word') throw this.error('expected a word')
    return this.take().text
  }

  string(): string {
    if (this.#next.kind !== 'string') throw this.error('expected a string in double quotes')
    return this.take().text
  }

  /** A name: a word, or any text in double quotes. */
  name(): string {
    const { kind } = this.#next
    if (kind !== 'word' && kind !== 'string') throw this.error('expected a name')
    return this.take().text
  }

  int(): bigint {
    if (this.#next.kind !== 'int') throw this.error('expected a whole number')
    return BigInt(this.take().text.replace(/^\+/u, ''))
  }

  /** Elements between two signs, separated by commas; a comma after the last is allowed. */
  list<Element>(open: string, close: string, element: () => Element): Element[] {
    this.expect(open)
    const elements: Element[] = []
    while (!this.is(close)) {
      elements.push(element())
      if (!this.skip(',')) break
    }
    this.expect(close)
    return elements
  }

  error(message: string): SyntaxError {
    const found = this.#next.kind === 'end' ? 'the end' : `'${this.#next.text}'`
    return this.errorAt(this.#next.offset, `${message}, found ${found}`)
  }

  errorAt(offset: number, message: string): SyntaxError {
    const before = this.#source.slice(0, offset).split('\n')
    const column = (before.at(-1) ?? '').length + 1
    return new SyntaxError(`line ${before.length}, column ${column}: ${message}`)
  }
}
