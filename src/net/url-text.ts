/** TYPEs that are followed by a path: what looks like a login there is a file's name. */
const PATH = /^([./]|(json|csv)(:|$))/
const URL_PARTS = /^([a-z][a-z\d+.-]*:\/*)(.*@)?([^?#]*)([?#].*)?$/is

/**
 * A TYPE of `--export_data`, or a URL, as logs, metrics, errors and the dead letter may show it: what
 * stands before an `@` is masked, query and fragment are left out. A password may hold any character,
 * also one that a URL does not allow, so all up to the last `@` counts as login.
 */
export function redactUrl(type: string): string {
  if (PATH.test(type)) return type
  const [, scheme, login, rest = ''] = URL_PARTS.exec(type) ?? []
  if (scheme === undefined) return type.replace(/^.*@/s, '****@').replace(/[?#].*$/s, '')
  return `${scheme}${login === undefined ? '' : '****@'}${rest}`
}
