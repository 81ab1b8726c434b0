#!/usr/bin/env bash
# Makes what docker-compose.yml reads from files: a certificate authority of your own, certificates for Kafka, ClickHouse and the
# front, and random passwords. What is there already is left alone, so a second run only adds what is missing.
#   deploy/secrets.sh [FOLDER]     default: deploy/secrets, which git ignores
# The folder is for you alone (0700). The files in it are readable, since Compose mounts them as they are and each container
# has a user of its own.
set -euo pipefail
folder="${1:-$(cd "$(dirname "$0")" && pwd)/secrets}"
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"

password() { [ -s "$1" ] || openssl rand -hex 24 | tr -d '\n' >"$1"; }

# certificate NAME ALTERNATIVES: NAME.key and NAME.pem, signed by our authority.
certificate() {
  [ -s "$1.pem" ] && return
  openssl req -new -newkey rsa:3072 -nodes -keyout "$1.key.draft" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
  # Kafka reads PKCS #8 only.
  openssl pkcs8 -topk8 -nocrypt -in "$1.key.draft" -out "$1.key"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth' "$2") 2>/dev/null
  rm -f "$1.csr" "$1.key.draft"
}

if [ ! -s ca.pem ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -keyout ca.key -out ca.pem -subj '/CN=Watchkeeper authority' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
fi
certificate kafka 'DNS:kafka,DNS:localhost,IP:127.0.0.1'
certificate clickhouse 'DNS:clickhouse,DNS:localhost,IP:127.0.0.1'
certificate front "DNS:${WATCHKEEPER_FRONT_NAME:-localhost},DNS:otel-collector,IP:127.0.0.1"
# Key and certificate in one file, as Kafka's PEM key store wants them.
cat kafka.key kafka.pem >kafka-keystore.pem

for name in pepper console grafana-admin kafka-admin kafka-receive kafka-pipeline \
  clickhouse-admin clickhouse-service clickhouse-reader clickhouse-grafana; do
  password "$name"
done

cat >kafka-users.jaas <<JAAS
KafkaServer {
  org.apache.kafka.common.security.plain.PlainLoginModule required
  username="admin"
  password="$(cat kafka-admin)"
  user_admin="$(cat kafka-admin)"
  user_watchkeeper_receive="$(cat kafka-receive)"
  user_watchkeeper_pipeline="$(cat kafka-pipeline)";
};
JAAS
cat >kafka-admin.properties <<PROPERTIES
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="$(cat kafka-admin)";
ssl.truststore.type=PEM
ssl.truststore.location=${WATCHKEEPER_SECRETS_SEEN_AT:-/run/secrets}/ca.pem
PROPERTIES
chmod 0444 ./*
# Nothing but this script needs the authority's key.
chmod 0400 ca.key
echo "secrets are in $folder"
