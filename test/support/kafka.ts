/**
 * A real Kafka broker for tests: fetched once from Maven Central into `.cache/kafka-<version>` (or the jars in
 * `KAFKA_LIBS`), one KRaft node with a data folder of its own, killed and started again at will. `KAFKA_BROKERS` names a
 * running broker instead; what needs to kill one is skipped then.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fromRoot } from './root.js'
import { freePort } from './service.js'

const run = promisify(execFile)

/** The newest release; kafkajs 2.2.4 speaks to it without a setting (src/bus/README.md). */
const version = '4.4.0'

export interface Broker {
  /** `host:port` without encryption or login. */
  readonly address: string
  /** `host:port` of the same broker with TLS and SASL, and what a client needs for it. */
  readonly secure: {
    readonly address: string
    readonly caFile: string
    readonly user: string
    readonly password: string
  }
  /** SIGKILL, at once. */
  kill(): Promise<void>
  /** On the same ports and data; resolves when the port is open. */
  start(): Promise<void>
  /** Ends it for good and removes its data. */
  stop(): Promise<void>
}

/** A broker, or in one line why there is none. In CI its absence is a failure. */
export async function startBroker(): Promise<Broker | string> {
  const missing = await missingPrograms()
  if (missing.length > 0) {
    const reason = `Kafka tests need ${missing.join(' and ')} (Debian: apt-get install openjdk-17-jre-headless maven)`
    if (process.env['CI']) throw new Error(reason)
    return reason
  }
  const jars = process.env['KAFKA_LIBS'] ?? (await fetchJars())
  const broker = await prepare(jars)
  await broker.start()
  return broker
}

/** For tests that need no control over the broker: that of `KAFKA_BROKERS`, or one of our own. */
export async function anyBroker(): Promise<(Pick<Broker, 'address' | 'stop'> & Partial<Broker>) | string> {
  const given = process.env['KAFKA_BROKERS']
  return given ? { address: given, stop: async () => {} } : startBroker()
}

async function missingPrograms(): Promise<readonly string[]> {
  const needed = process.env['KAFKA_LIBS'] ? ['java', 'keytool'] : ['java', 'keytool', 'mvn']
  const found = await Promise.all(
    needed.map((program) =>
      run('which', [program]).then(
        () => true,
        () => false,
      ),
    ),
  )
  return needed.filter((_, place) => !found[place])
}

const dependency = (group: string, artifact: string, number: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`

/** The broker's jars. */
const fetchJars = (): Promise<string> => fetched('kafka', dependency('org.apache.kafka', 'kafka_2.13', version))

/** The jars of Kafka's own command line (`kafka-topics.sh` …). */
export const fetchTools = (): Promise<string> =>
  fetched('kafka-tools', dependency('org.apache.kafka', 'kafka-tools', version))

/** What starts the broker's classes, and whether this machine has it: `startBroker` says why not. */
export async function brokerJars(): Promise<string | { readonly absent: string }> {
  const missing = await missingPrograms()
  if (missing.length === 0) return process.env['KAFKA_LIBS'] ?? (await fetchJars())
  if (process.env['CI']) throw new Error(`Kafka tests need ${missing.join(' and ')}`)
  return { absent: `Kafka tests need ${missing.join(' and ')} (Debian: apt-get install openjdk-17-jre-headless maven)` }
}

/** Once, into a folder that appears whole: two test files may begin at the same time. */
async function fetched(name: string, what: string): Promise<string> {
  const cache = fromRoot('.cache')
  const jars = join(cache, `${name}-${version}`)
  if (
    await access(jars).then(
      () => true,
      () => false,
    )
  )
    return jars
  process.stderr.write(`fetching ${name} ${version} from Maven Central into ${jars} (about 45 MB, once)\n`)
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'kafka-fetch-'))
  await writeFile(
    join(work, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>watchkeeper.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${what}${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}</dependencies>
</project>`,
  )
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  await run('mvn', ['-B', '-q', '-ntp', plugin, `-DoutputDirectory=${join(work, 'jars')}`, '-DincludeScope=runtime'], {
    cwd: work,
  })
  await rename(join(work, 'jars'), jars).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  await rm(work, { recursive: true, force: true })
  return jars
}

async function prepare(jars: string): Promise<Broker> {
  const [plain, login, controller] = await Promise.all([freePort(), freePort(), freePort()])
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-kafka-'))
  const user = 'watchkeeper'
  const password = 'only-for-tests'
  const caFile = await selfSigned(folder, password)
  const properties = join(folder, 'server.properties')
  await writeFile(
    properties,
    `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${login},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${login}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(folder, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
ssl.keystore.location=${join(folder, 'broker.p12')}
ssl.keystore.type=PKCS12
ssl.keystore.password=${password}
listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${user}="${password}";
listener.name.secure.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
`,
  )
  const java = ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${jars}/*`]
  const scram = [256, 512].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=${user},password=${password}]`])
  const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', 'd2F0Y2hrZWVwZXItdGVzdA', '-c', properties]
  await run('java', [...java, ...format, ...scram])

  let child: ChildProcess | undefined
  const kill = async () => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const exited = once(ending, 'exit')
    ending.stdin?.end()
    await exited
  }
  return {
    address: `127.0.0.1:${plain}`,
    secure: { address: `127.0.0.1:${login}`, caFile, user, password },
    kill,
    async start() {
      const log = join(folder, 'broker.log')
      const began = performance.now()
      const started = launch([...java, 'kafka.Kafka', properties], log)
      child = started
      await open(plain, () => started.exitCode === null).catch(async () => {
        const tail = (await readFile(log, 'utf8')).split('\n').slice(-20).join('\n')
        throw new Error(`Kafka ${version} did not start:\n${tail}`)
      })
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      process.stderr.write(`Kafka ${version} at 127.0.0.1:${plain} after ${seconds} s\n`)
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The shell kills the broker when its stdin closes: no broker outlives the test that started it, however that ended. */
export function launch(args: readonly string[], log: string): ChildProcess {
  const script =
    'exec 3<&0; java "$@" </dev/null 3<&- & pid=$!; { cat <&3 >/dev/null; kill -9 $pid; } 2>/dev/null & wait $pid'
  const child = spawn('sh', ['-c', script, 'sh', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const sink = createWriteStream(log, { flags: 'a' })
  child.stdout.pipe(sink, { end: false })
  child.stderr.pipe(sink, { end: false })
  child.once('exit', () => child.stdin.destroy())
  child.stdin.on('error', () => {})
  return child
}

export async function open(port: number, alive: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600 && alive(); attempt += 1) {
    const socket = connect(port, '127.0.0.1')
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (connected) return
    await delay(100)
  }
  throw new Error(`nothing listens on ${port}`)
}

/** A key for the broker, signed by itself; the certificate is its own authority. */
async function selfSigned(folder: string, password: string): Promise<string> {
  const store = ['-keystore', join(folder, 'broker.p12'), '-storetype', 'PKCS12', '-storepass', password, '-alias', 'b']
  const name = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1', '-validity', '2']
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...store, ...name])
  const caFile = join(folder, 'ca.pem')
  await run('keytool', ['-exportcert', '-rfc', ...store, '-file', caFile])
  return caFile
}
