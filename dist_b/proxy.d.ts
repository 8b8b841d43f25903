/**
 * The proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (in either case) name for a
 * URL, or undefined. REST and WebSocket both ask here, so they can never take different ways:
 * `wss:` is looked up as `https:` and `ws:` as `http:`, as Python's clients do.
 */
export declare function proxyFor(url: string): string | undefined;
