import { viewOf } from './json-bytes.js'

/** Room for some texts. One text that is kept keeps its slab in memory, so slabs are small. */
export const SLAB_SIZE = 16 * 1024
/** Slabs that are kept for later texts: more than wait for a file that works. */
const KEPT_SLABS = 128

/** Memory that texts share. */
type Slab = {
  readonly bytes: Buffer
  readonly view: DataView
  /** Texts in it that were taken and not given back. */
  texts: number
}

/**
 * Slabs, which are used again when all their texts are given back. New memory for all texts would make V8 mark
 * the whole heap many times a second.
 */
export class Slabs {
  /** By their memory. One whose texts are never given back is not kept alive. */
  readonly #known = new WeakMap<ArrayBufferLike, Slab>()
  readonly #free: Slab[] = []
  #current = this.#create(SLAB_SIZE)

  /** The one that texts come into. */
  get current(): Slab {
    return this.#current
  }

  /** Begins another one. */
  next(size: number): Slab {
    const left = this.#current
    const free = size > SLAB_SIZE ? undefined : this.#free.pop()
    this.#current = free ?? this.#create(size)
    this.#keepIfFree(left)
    return this.#current
  }

  /** Takes back a text that nothing reads any more; one from elsewhere is ignored. */
  giveBack(text: Uint8Array): void {
    const slab = this.#known.get(text.buffer)
    if (!slab) return
    slab.texts--
    if (slab !== this.#current) this.#keepIfFree(slab)
  }

  #create(size: number): Slab {
    const bytes = Buffer.allocUnsafeSlow(size)
    const slab = { bytes, view: viewOf(bytes), texts: 0 }
    // One for a huge text is not used again.
    if (size === SLAB_SIZE) this.#known.set(bytes.buffer, slab)
    return slab
  }

  #keepIfFree(slab: Slab): void {
    if (slab.texts > 0 || slab.bytes.length > SLAB_SIZE) return
    if (this.#free.length < KEPT_SLABS) this.#free.push(slab)
  }
}
