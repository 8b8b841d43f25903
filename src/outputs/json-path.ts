/** Where `json` writes without a PATH. */
export const DEFAULT_JSON_PATH = './aruba-stream.ndjson'
