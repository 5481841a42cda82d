#!/bin/bash
# Installs the Java client into the local Maven repository, and runs its examples for Spark and Flink, each on a
# small cluster, with a real Triton server. The first run downloads Spark and Flink from Maven Central (400 MB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mvn -q -B -ntp -f java/pom.xml install -DskipTests
for example in spark flink; do
    # clean: Maven does not compile again when a dependency changes.
    MODELS=simple tests/triton/with-server.sh mvn -B -ntp -f java/examples/$example/pom.xml clean verify
done
