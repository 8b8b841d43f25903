/**
 * The shortest decimal of at least six digits that reads back to the same 32-bit float: 4.88 for
 * what is 4.880000114440918 as a double. Six, because the reference's decoder starts there; it only
 * shows below 1.2e-38, where floats hold fewer digits (1.4013e-45, not 1e-45).
 *
 * @param value a number that is exactly a 32-bit float
 */
export declare function shortestFloat32(value: number): number;
