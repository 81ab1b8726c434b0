/** Addresses of this machine alone. */

/** Whether an address to listen on, or the name in a `Host` header, reaches this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * Without keys or accounts, whoever reaches us is believed. A web page can: its own host name, resolved to 127.0.0.1 (DNS
 * rebinding), makes us the same origin. The browser then names that host, so only ours are served.
 */
export function namesLoopback(hostHeader: string | undefined): boolean {
  if (hostHeader === undefined || !URL.canParse(`http://${hostHeader}`)) return false
  const { hostname } = new URL(`http://${hostHeader}`)
  return isLoopback(hostname) || hostname.endsWith('.localhost')
}
