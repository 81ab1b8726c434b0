/** `serve --demo` in a process of its own, as far as its incident. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fromRoot } from './root.js'
import { cleanEnvironment } from './service.js'

export interface Demo {
  /** Id of the incident that it told of. */
  readonly incident: string
  readonly told: string
  /** Kills it, and waits for its end. */
  stop(): Promise<void>
}

/** Throws what it told where there was no incident. */
export async function playedDemo(settings: Readonly<Record<string, string>>): Promise<Demo> {
  const child = spawn(process.execPath, [fromRoot('src/watchkeeper.mjs'), 'serve', '--demo'], {
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  const incident = await new Promise<string>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the demo ended with ${code}:\n${told}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      told += chunk
      const id = /incidents show ([0-9a-f-]{36})/.exec(told)?.[1]
      if (id !== undefined && told.includes('Ctrl-C ends it')) resolve(id)
    })
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
  return { incident, told, stop }
}
