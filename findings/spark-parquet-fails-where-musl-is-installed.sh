#!/bin/bash
# snappy-java 1.1.10.8 (Maven Central), which is in Spark 4.1.1, on x86-64: does not load if musl is installed beside glibc.
#
# It takes a system for one with musl if /lib/ld-musl-x86_64.so.1 exists. Debian's and Ubuntu's packages musl and musl-tools
# install this file on glibc systems, for static builds of C and Rust. The JVM uses glibc, so it cannot load the build for musl:
# UnsatisfiedLinkError names libc.musl-x86_64.so.1, not the cause. Version 1.1.10.12 loads the right one.
#
# Effect on a client: Spark's default compression of Parquet is Snappy, so a job that scores a DataFrame fails where it reads or
# writes. Remedies: spark.sql.parquet.compression.codec=zstd for writing, or the newer jar in Spark's folder jars. A loader of
# native libraries must look at the libraries of its own process, not of the system.
#
# Needs Java, Maven with Maven Central, and user namespaces: the file is added in a mount namespace, and the system stays as it
# is. Exit status 0: reproduced as described. Output:
#     snappy-java 1.1.10.8: Linux/x86_64-musl, UnsatisfiedLinkError
#     snappy-java 1.1.10.12: Linux/x86_64, loaded
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/lib"
touch "$dir/lib/ld-musl-x86_64.so.1" # only its presence counts
cat > "$dir/Load.java" <<'JAVA'
import org.xerial.snappy.OSInfo;
import org.xerial.snappy.Snappy;

public class Load {
    public static void main(String[] args) throws Exception {
        String outcome;
        try {
            outcome = new String(Snappy.uncompress(Snappy.compress("loaded")));
        } catch (UnsatisfiedLinkError e) {
            System.err.println(e.getMessage());
            outcome = "UnsatisfiedLinkError";
        }
        System.out.println(OSInfo.getNativeLibFolderPathForCurrentOS() + ", " + outcome);
    }
}
JAVA
load() { # VERSION
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy -Dartifact="org.xerial.snappy:snappy-java:$1" \
        -DoutputDirectory="$dir" > "$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
    # shellcheck disable=SC2016 # $1 and $2 are those of sh
    unshare --map-root-user --mount sh -ec \
        'mount -t overlay overlay -o "lowerdir=$1/lib:/usr/lib" /usr/lib
        exec java -Djava.io.tmpdir="$1" -cp "$2" "$1/Load.java"' \
        load "$dir" "$dir/snappy-java-$1.jar"
}
seen=$(for version in 1.1.10.8 1.1.10.12; do echo "snappy-java $version: $(load $version)"; done)
echo "$seen"
[ "$seen" = "snappy-java 1.1.10.8: Linux/x86_64-musl, UnsatisfiedLinkError
snappy-java 1.1.10.12: Linux/x86_64, loaded" ] || { echo "CHANGED: snappy-java does not behave as described"; exit 1; }
