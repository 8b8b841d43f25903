/** Facts beside the sentence of a log line; `entry` and `exporter` name where it happened. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export declare const LOG_LEVELS: readonly ['debug', 'info', 'warn', 'error'];
export type LogLevel = (typeof LOG_LEVELS)[number];
/** A logger; stages get one and never write to stderr themselves. */
export interface Logger {
    debug(message: string, fields?: LogFields): void;
    info(message: string, fields?: LogFields): void;
    warn(message: string, fields?: LogFields): void;
    error(message: string, fields?: LogFields): void;
    /** A logger whose lines carry these fields too. */
    child(fields: LogFields): Logger;
}
