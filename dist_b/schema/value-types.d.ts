/** A 64-bit integer in decimal: as a number it could be past 2^53. */
export type Int64Text = string;
/** Bytes in base64; with `--readable`, the fields it knows are text. */
export type BytesText = string;
/** A `float` or `double`; JSON has no numbers for the three strings. */
export type Float = number | 'NaN' | 'Infinity' | '-Infinity';
