type Values<K, V> = { get(key: K): V | undefined; set(key: K, value: V): unknown }

/** The value of a key. Where there is none yet, it is made and kept. */
export function getOrMake<K, V>(map: Values<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
