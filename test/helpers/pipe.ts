import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { tempFolder } from './temp-folder.js'

/** Also while a test has mocked the timers. */
const sleep = setTimeout

/** Makes a FIFO in a fresh folder; returns its path. */
export async function makePipe(t: TestContext): Promise<string> {
  const path = join(tempFolder(t), 'input.fifo')
  execFileSync('mkfifo', [path])
  return path
}

/** Opens a FIFO for writing once somebody reads it; a writer that waits would hold a thread. */
export async function openWriter(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await sleep(5)
    }
  }
}
