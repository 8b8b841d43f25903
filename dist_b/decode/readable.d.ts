import type { ScalarChoice } from './plan.js';
/**
 * What `--readable` changes: addresses and names in `bytes` fields as text. The field decides what to
 * try, its bytes whether that fits; what does not fit stays base64.
 */
export declare const readableScalar: ScalarChoice;
