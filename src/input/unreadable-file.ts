/** Why a file is of no use; the message fits behind its path. */
export class UnreadableFile extends Error {}
