#!/usr/bin/env bash
# Makes our topics and says who may do what with them. Can be run again; run it before the first start, and after a change of the
# partitions. Needs Kafka's own tools.
#   KAFKA_BROKERS=kafka:9092 KAFKA_ADMIN_CONFIG=/run/secrets/kafka-admin.properties topics-and-acls.sh
set -euo pipefail
brokers="${KAFKA_BROKERS:?host:port of a broker}"
config="${KAFKA_ADMIN_CONFIG:?properties file of a user who may do this}"
tools="${KAFKA_TOOLS:-/opt/kafka/bin}"
prefix="${WATCHKEEPER_KAFKA_TOPIC_PREFIX:-watchkeeper}"
partitions="${WATCHKEEPER_KAFKA_PARTITIONS:-12}"
replicas="${WATCHKEEPER_KAFKA_REPLICATION:-1}"
hours="${WATCHKEEPER_KAFKA_RETENTION_HOURS:-72}"
receive="${KAFKA_RECEIVE_USER:-watchkeeper_receive}"
pipeline="${KAFKA_PIPELINE_USER:-watchkeeper_pipeline}"
in_sync=1
[ "$replicas" -ge 3 ] && in_sync=2

topics() { "$tools/kafka-topics.sh" --bootstrap-server "$brokers" --command-config "$config" "$@"; }
acls() { "$tools/kafka-acls.sh" --bootstrap-server "$brokers" --command-config "$config" --force "$@" >/dev/null; }

topic() {
  topics --create --if-not-exists --topic "$1" --partitions "$2" --replication-factor "$replicas" \
    --config cleanup.policy=delete --config "retention.ms=$((hours * 3600000))" --config "min.insync.replicas=$in_sync"
}
topic "$prefix.events" "$partitions"
topic "$prefix.dead-letters" 1
# Nothing is written to these two: their partitions are the shares of work that processes of a role divide among them.
topic "$prefix.detect-shares" 16
topic "$prefix.alert-shares" 16

# What the receiver may: add. It can read nothing back, so who takes it over learns nothing of what others sent.
for name in events dead-letters; do
  acls --add --allow-principal "User:$receive" --operation Write --operation Describe --topic "$prefix.$name"
done
# What the other roles may: read all of ours, follow their groups, and put back what they could not store.
acls --add --allow-principal "User:$pipeline" --operation Read --operation Write --operation Describe --operation DescribeConfigs \
  --topic "$prefix." --resource-pattern-type prefixed
acls --add --allow-principal "User:$pipeline" --operation Read --operation Describe \
  --group "$prefix." --resource-pattern-type prefixed
echo "topics and access of $prefix are set"
