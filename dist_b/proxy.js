import { getProxyForUrl } from 'proxy-from-env';
/**
 * The proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (in either case) name for a
 * URL, or undefined. REST and WebSocket both ask here, so they can never take different ways:
 * `wss:` is looked up as `https:` and `ws:` as `http:`, as Python's clients do.
 */
export function proxyFor(url) {
    return getProxyForUrl(url.replace(/^ws(s?):/, 'http$1:')) || undefined;
}
