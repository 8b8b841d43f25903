import { displayWidth } from '../../src/text.js'

const TOKEN = /\p{Cc}\[(\??)([0-9;]*)([A-Za-z])|([\n\r])|(\P{Cc}+)/gu

/**
 * As much of a terminal as the program may use: text that wraps and scrolls, and the sequences for
 * cursor, erasing and colour. Anything else is an error.
 */
export class Terminal {
  #columns: number
  #rows: number
  #screen: string[][] = [[]]
  #row = 0
  #column = 0
  /** Lines that have left the screen at its top. */
  readonly scrolledOff: string[] = []
  cursorHidden = false
  colours = 0
  writes = 0

  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.#rows = rows
  }

  get columns(): number {
    return this.#columns
  }

  get rows(): number {
    return this.#rows
  }

  /** The lines from the first to the last that is not blank. */
  get lines(): string[] {
    const lines = this.#screen.map((line) => line.join('').trimEnd())
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  write = (text: string): void => {
    this.writes += 1
    let length = 0
    for (const match of text.matchAll(TOKEN)) {
      length += match[0].length
      const [, question = '', parameter = '', command = '', control, plain] = match
      if (plain !== undefined) this.#print(plain)
      else if (control === '\n') this.#newLine()
      else if (control === '\r') this.#column = 0
      else this.#execute(question, parameter, command)
    }
    if (length !== text.length) throw new Error(`not understood: ${JSON.stringify(text)}`)
  }

  /** Gives the terminal another width; long lines are wrapped anew, as most terminals do. */
  resize(columns: number): void {
    const lines = this.#screen.map((line) => line.join('').trimEnd())
    const below = lines.slice(this.#row)
    const above = lines.slice(0, this.#row)
    this.#columns = columns
    const wrap = (line: string): string[][] => {
      const cells = [...line]
      const wrapped: string[][] = []
      do wrapped.push(cells.splice(0, columns))
      while (cells.length > 0)
      return wrapped
    }
    const head = above.flatMap(wrap)
    this.#screen = [...head, ...below.flatMap(wrap)]
    this.#row = head.length
    this.#scroll()
  }

  #execute(question: string, parameter: string, command: string): void {
    const count = Number(parameter || '1')
    const line = this.#screen[this.#row] ?? []
    switch (`${question}${command}`) {
      case 'A':
        this.#row = Math.max(0, this.#row - count)
        return
      case 'G':
        this.#column = count - 1
        return
      case 'K':
        line.length = Math.min(line.length, this.#column)
        return
      case 'J':
        line.length = Math.min(line.length, this.#column)
        this.#screen.length = this.#row + 1
        return
      case 'm':
        this.colours += 1
        return
      case '?l':
      case '?h':
        if (parameter !== '25') throw new Error(`mode ${parameter}`)
        this.cursorHidden = command === 'l'
        return
      default:
        throw new Error(`sequence ${question}${parameter}${command}`)
    }
  }

  #print(text: string): void {
    for (const character of text) {
      const width = displayWidth(character)
      if (this.#column + width > this.#columns) this.#newLine()
      const line = this.#screen[this.#row] ?? []
      this.#screen[this.#row] = line
      while (line.length < this.#column) line.push(' ')
      line[this.#column] = character
      // The second half of a wide character shows nothing of its own.
      if (width === 2) line[this.#column + 1] = ''
      this.#column += width
    }
  }

  #newLine(): void {
    this.#row += 1
    this.#column = 0
    this.#screen[this.#row] ??= []
    this.#scroll()
  }

  #scroll(): void {
    while (this.#screen.length > this.#rows) {
      this.scrolledOff.push((this.#screen.shift() ?? []).join('').trimEnd())
      this.#row -= 1
    }
  }
}
