/** First line of a text from outside. */
export function firstLine(text: string, maxLength = 200): string {
  const line = text.trim().split(/[\r\n]/, 1)[0] ?? ''
  return line.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, maxLength)
}
