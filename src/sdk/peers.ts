/**
 * Who talks with whom over a connection, as far as the messages that passed it say: by the handshake of the older protocol
 * versions, by `_meta` of each message since 2026-07-28. Self-reported, so never identity.
 */
import type { ProducerEvent } from './event.js'
import { type Fields, fieldsOf, type RequestMessage, textOf } from './messages.js'

export type PeerFacts = Pick<
  ProducerEvent,
  'clientName' | 'clientVersion' | 'serverName' | 'serverVersion' | 'protocolVersion'
>

const metaPrefix = 'io.modelcontextprotocol/'

export class Peers {
  #facts: PeerFacts = { clientName: '', clientVersion: '', serverName: '', serverVersion: '', protocolVersion: '' }
  #capabilities = ''

  get facts(): PeerFacts {
    return this.#facts
  }

  /** Names of what the server offers, comma-separated. */
  get capabilities(): string {
    return this.#capabilities
  }

  request({ method, params }: RequestMessage): void {
    const meta = fieldsOf(params['_meta'])
    this.#client(meta[`${metaPrefix}clientInfo`], meta[`${metaPrefix}protocolVersion`])
    if (method === 'initialize') this.#client(params['clientInfo'], params['protocolVersion'])
  }

  result(method: string, result: Fields | undefined): void {
    if (result === undefined) return
    this.#server(fieldsOf(result['_meta'])[`${metaPrefix}serverInfo`], undefined)
    if (method === 'initialize' || method === 'server/discover') {
      this.#server(result['serverInfo'], result['protocolVersion'])
      this.#capabilities = Object.keys(fieldsOf(result['capabilities'])).slice(0, 20).sort().join(',')
    }
  }

  /** What the SDK's own object knows, for a connection that was opened before we looked. */
  known(facts: Partial<PeerFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
  }

  #client(info: unknown, protocolVersion: unknown): void {
    if (info === undefined && protocolVersion === undefined) return
    const { name, version } = fieldsOf(info)
    this.#facts = {
      ...this.#facts,
      clientName: textOf(name) || this.#facts.clientName,
      clientVersion: textOf(version) || this.#facts.clientVersion,
      protocolVersion: textOf(protocolVersion) || this.#facts.protocolVersion,
    }
  }

  #server(info: unknown, protocolVersion: unknown): void {
    if (info === undefined && protocolVersion === undefined) return
    const { name, version } = fieldsOf(info)
    this.#facts = {
      ...this.#facts,
      serverName: textOf(name) || this.#facts.serverName,
      serverVersion: textOf(version) || this.#facts.serverVersion,
      protocolVersion: textOf(protocolVersion) || this.#facts.protocolVersion,
    }
  }
}
