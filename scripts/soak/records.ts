import { createReadStream, existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Numbers, Rotation } from '../../test/helpers/breaks.js'
import { until } from '../../test/helpers/clock.js'

/** The program has opened the next file; what it wrote before is in the old one by then. */
const SETTLED_MS = 1000

/** The file of records: renamed as logrotate does, and read once it is no longer written. */
export class Records {
  readonly numbers = new Numbers()
  readonly rotation: Rotation
  files = 0
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.rotation = new Rotation(folder)
  }

  /** Renames the file, has the program open another one, reads the old one and removes it. */
  async rotate(hangUp: () => void): Promise<void> {
    await this.rotation.rotate(hangUp)
    await until(() => existsSync(this.rotation.path))
    await sleep(SETTLED_MS)
    const names = (await readdir(this.#folder)).filter((name) => /\.\d+$/.test(name))
    for (const name of names.sort()) await this.#take(join(this.#folder, name))
  }

  /** Reads what is left once the program has ended. */
  async finish(): Promise<void> {
    for (const name of (await readdir(this.#folder)).sort().reverse()) {
      await this.#take(join(this.#folder, name))
    }
  }

  async #take(path: string): Promise<void> {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      this.numbers.add(line)
    }
    await rm(path)
    this.files += 1
  }
}
