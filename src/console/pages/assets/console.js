// What script adds; every page works without it. A list that is looked at is fetched anew twice a minute, a command copies itself.
const every = 30_000

function copyButtons() {
  for (const block of document.querySelectorAll('pre[data-copy]')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Copy'
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.textContent ?? '')
      button.textContent = 'Copied'
      setTimeout(() => {
        button.textContent = 'Copy'
      }, 2_000)
    })
    block.after(button)
  }
}

async function refresh(mark) {
  const isBusy =
    document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLSelectElement
  if (document.hidden || isBusy) return
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' })
  if (!answer.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const [now, then] = [document.querySelector('main .scroll'), fresh.querySelector('main .scroll')]
  // A list that became empty, or is no longer, is another page.
  if (now === null || then === null) location.reload()
  else if (now.innerHTML !== then.innerHTML) now.replaceWith(document.adoptNode(then))
  mark.dataset.refreshed = new Date().toISOString()
}

copyButtons()
const mark = document.querySelector('[data-live]')
if (mark !== null) setInterval(() => void refresh(mark).catch(() => undefined), every)
