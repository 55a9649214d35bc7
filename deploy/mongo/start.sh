#!/bin/bash
# Starts the official MongoDB image as a replica set that asks for passwords. Members of such a set know each other by
# a key file, which must belong to mongod and be closed to others: it is made at the first start, in the data volume.
set -euo pipefail
key=/data/configdb/keyfile
if [ ! -s "$key" ]; then
  (umask 077 && head -c 756 /dev/urandom | base64 -w 0 > "$key")
fi
chown 999:999 "$key"
chmod 400 "$key"
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile "$key" --bind_ip_all --wiredTigerCacheSizeGB 0.25 --quiet
