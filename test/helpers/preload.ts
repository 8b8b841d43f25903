/** Options of Node that run a module before the program. */
export function preload(code: string): string[] {
  return ['--import', `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`]
}

/**
 * Options of Node that give the timers of a program other times.
 * @param times the new time of each, by the one that the program sets; milliseconds
 */
export function withTimes(times: Readonly<Record<number, number>>): string[] {
  return preload(`
    const set = globalThis.setTimeout
    const times = ${JSON.stringify(times)}
    globalThis.setTimeout = (work, ms, ...rest) => set(work, times[ms] ?? ms, ...rest)`)
}
