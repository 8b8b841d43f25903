/** One WebSocket message as it arrived. */
export type Frame = {
    readonly bytes: Uint8Array;
    /** Milliseconds since the epoch. */
    readonly receivedAt: number;
    /** Text frames are not expected from Central: they are kept, but never decoded. */
    readonly text: boolean;
};
