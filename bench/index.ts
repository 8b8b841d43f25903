/** `npm run bench`: what the speed claims of the README rest on. */
await import('./decode.js')
const { benchEndToEnd } = await import('./end-to-end.js')
await benchEndToEnd()
