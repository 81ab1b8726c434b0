/** Servers, resources and audiences as URLs and hosts, in one spelling. */

/** The host of a URL, or of `host:port`; '' where there is none to be read. */
export function hostOf(text: string): string {
  const candidate = text.includes('://')
    ? text
    : /^[\w.[\]:-]+$/.test(text) && /[.:]/.test(text)
      ? `https://${text}`
      : ''
  if (candidate === '' && text === 'localhost') return text
  return URL.canParse(candidate) ? new URL(candidate).hostname : ''
}

export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)

/**
 * Whether a token for `audience` is for the resource `expected`. A resource may be named by itself or by what it lies under
 * (`https://mcp.example.com` covers `https://mcp.example.com/mail`; RFC 8707 §2, RFC 9728 §3.3), with or without a slash at the
 * end. `unclear`: at least one is a name and no address (a client id, `api://…`), which is compared to nothing.
 */
export function covers(audience: string, expected: string): 'yes' | 'host' | 'path' | 'unclear' {
  if (audience === expected) return 'yes'
  const [a, e] = [audience, expected].map((text) =>
    /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined,
  )
  if (a === undefined || e === undefined) return 'unclear'
  if (isLoopback(a.hostname) && isLoopback(e.hostname)) return 'yes'
  if (a.host !== e.host) return 'host'
  const folder = (url: URL): string => `${url.pathname.replace(/\/+$/, '')}/`
  return folder(e).startsWith(folder(a)) ? 'yes' : 'path'
}
