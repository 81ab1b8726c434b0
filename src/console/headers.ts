/** What browsers are told to hold a page to: nothing from elsewhere, nothing inline, in no frame. */
import type { FastifyHelmetOptions } from '@fastify/helmet'

export const headers = (publicUrl: URL | undefined): FastifyHelmetOptions => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  // With none at all a browser would not say on a form's request where it comes from.
  referrerPolicy: { policy: 'same-origin' },
  strictTransportSecurity: publicUrl?.protocol === 'https:' ? { maxAge: 31_536_000 } : false,
})
