/**
 * Every error that a person or a client may see, once: its stable code, the exit code of the command line, and whether
 * the same call may succeed later. `ERRORS.md` says what to do about each; a test holds the two together both ways.
 */
interface ErrorKind {
  /** Exit code of the command line, after sysexits: 64 usage, 65 data, 69 unavailable, 70 internal, 73 cannot create, 75 try later, 77 no permission, 78 configuration. */
  readonly exit: 64 | 65 | 69 | 70 | 73 | 75 | 77 | 78
  readonly retryable: boolean
}

export const errorKinds = {
  WK_USAGE: { exit: 64, retryable: false },
  WK_CONFIG: { exit: 78, retryable: false },
  WK_INTERNAL: { exit: 70, retryable: false },
  WK_FILE_UNREADABLE: { exit: 65, retryable: false },
  WK_FILE_UNWRITABLE: { exit: 73, retryable: false },
  WK_RECORDED_FORMAT: { exit: 65, retryable: false },
  WK_PORT_IN_USE: { exit: 69, retryable: true },
  WK_KEYS_FILE: { exit: 78, retryable: false },
  WK_ACCOUNTS_FILE: { exit: 78, retryable: false },
  WK_DSN: { exit: 64, retryable: false },
  WK_STORE_LOCKED: { exit: 69, retryable: true },
  WK_STORE_UNAVAILABLE: { exit: 69, retryable: true },
  WK_STORE_ENGINE_MISSING: { exit: 69, retryable: false },
  WK_STORE_QUERY: { exit: 65, retryable: false },
  WK_STORE_REFUSED: { exit: 77, retryable: false },
  WK_STORE_MIGRATION: { exit: 78, retryable: false },
  WK_BUS_UNAVAILABLE: { exit: 69, retryable: true },
  WK_BUS_FULL: { exit: 75, retryable: true },
  WK_BUS_TOPIC: { exit: 78, retryable: false },
  WK_POLICY: { exit: 78, retryable: false },
  WK_DETECTOR_INVALID: { exit: 78, retryable: false },
  WK_RECEIVER_REFUSED: { exit: 65, retryable: false },
  WK_RECEIVER_UNAVAILABLE: { exit: 69, retryable: true },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

export class WatchkeeperError extends Error {
  override readonly name = 'WatchkeeperError'
  readonly code: ErrorCode

  /** `message` says what was wrong, where, and what to do. It never holds a secret or a value from an event. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  get exitCode(): number {
    return errorKinds[this.code].exit
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable
  }
}
