/** The pages without which there would be no others: to log in, and why something is not shown. */
import type { LogInPageData } from './routes/log-in.js'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '')

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Watchkeeper</title>
<link rel="stylesheet" href="/assets/console.css">
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`

export const refusalPage = (message: string): string =>
  page('This is not shown', `<p>${escaped(message)}.</p>\n<p><a href="/incidents">Incidents</a></p>`)

export function plainLogInPage({ provider, keys, fault, next }: LogInPageData, csrf: string): string {
  const parts = [
    fault === '' ? '' : `<p role="alert">${escaped(fault)}</p>`,
    provider
      ? `<p><a href="/log-in/provider?next=${encodeURIComponent(next)}">Log in with your organisation</a></p>`
      : '',
    keys
      ? `<form method="post" action="/log-in">
<input type="hidden" name="csrf" value="${escaped(csrf)}">
<input type="hidden" name="next" value="${escaped(next)}">
<p><label for="key">API key</label> <input id="key" name="key" type="password" autocomplete="current-password" required></p>
<p><button>Log in</button></p>
</form>`
      : '',
  ]
  return page('Log in', parts.filter((part) => part !== '').join('\n'))
}
