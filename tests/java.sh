#!/bin/bash
# java.sh: builds the Java client and tests it with the JVM's checks of native code, then the packed jar as users run it. Called by
# with-server.sh, whose server it uses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../java"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -B -ntp verify -Dtest.jvm.arguments=-Xcheck:jni 2>&1 | tee "$work/log"
# The JVM prints what it finds and goes on. Only versions before 21 count local references.
if grep -E 'WARNING in native method|JNI local refs|FATAL ERROR in native' "$work/log" > /dev/null; then
    echo "java.sh: -Xcheck:jni found the above faults" >&2
    exit 1
fi
# What does not exist on the JDK of the build, which may be Java 17.
newer=$(cd src/test/java/org/tritonclient && grep -lE 'VirtualThreads\.exist|JreRange|feature\(\) >= 2' -- *Test.java)
mvn -B -ntp -q surefire:test -Dtest="$(tr '\n' ',' <<< "${newer//.java/}")" -Dtest.java="$(tests/jdk.sh 25)/bin/java"
# Every public member has a comment. That each has @param and @return too is not asked: they would repeat it.
find src/main/java -name '*.java' > "$work/sources"
javac -proc:none --release 11 -Xdoclint:missing/protected -Xmaxwarns 10000 -d "$work/classes" "@$work/sources" 2> "$work/missing"
if grep 'no comment' "$work/missing" >&2; then
    echo "java.sh: comments are missing" >&2
    exit 1
fi
tests/packaging.sh target/triton-client-*[0-9].jar
stat -c '%n has %s bytes' target/*.jar
