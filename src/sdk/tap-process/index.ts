/** Taps around a server that cannot be changed: its process on stdio, or its URL. */
export { type TapHttpOptions, type TappedHttp, tapHttp } from './http.js'
export { type ProcessEnd, type TapProcessOptions, type TappedProcess, tapProcess } from './stdio.js'
