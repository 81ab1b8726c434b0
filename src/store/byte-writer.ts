/** A growing run of bytes, little-endian. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(65_536)
  #length = 0

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** LEB128, up to 2^53. */
  varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  /** A safe integer as 64-bit two's complement. */
  int64(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000)
    this.uint32(value - high * 0x1_0000_0000)
    this.uint32(high >>> 0)
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  /** UTF-8 with its length before it; a lone surrogate becomes U+FFFD. */
  text(value: string): void {
    if (value.length < 64 && this.#shortAscii(value)) return
    const length = Buffer.byteLength(value)
    this.varint(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
  }

  /** Most texts are short names: byte by byte is faster than a call into the engine. */
  #shortAscii(value: string): boolean {
    this.#reserve(value.length + 1)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = value.length
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[at++] = code
    }
    this.#length = at
    return true
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}
