#!/bin/sh
# Starts a worker for mod_fcgid (chmod 755). ~/teller is beside the folder that this file is in.
TELLER=$(cd "$(dirname "$0")/../teller" && pwd) || exit 2
export TELLER_CONFIG="$TELLER/teller.conf"
exec "$TELLER/lib/teller/teller-worker"
