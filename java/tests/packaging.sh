#!/bin/bash
# packaging.sh JAR: runs the first example with the packed jar as users do, over both protocols, on a real Triton server: on the
# class path alone in a folder, on the module path, in a jlink image and in a Spring Boot jar, on Java 11, 17 and 25. Called by
# with-server.sh, whose server it uses.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jar=$(realpath "$1")
boot_version=4.0.7

mkdir -p "${CARGO_TARGET_DIR:-"$here/../../target"}"
target=$(cd "${CARGO_TARGET_DIR:-"$here/../../target"}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
urls=("http://$TRITON_TEST_HTTP" "grpc://$TRITON_TEST_GRPC")
passed=0 failed=0

version_of() { "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p'; }

# runs NAME COMMAND...: the example, for each URL, ends with status 0 and the last sum, says nothing on stderr, and leaves nothing
# in the temporary folder, which is TMP.
runs() {
    local name=$1 url
    shift
    for url in "${urls[@]}"; do
        rm -rf "$TMP"
        mkdir "$TMP"
        if "$@" "$url" > "$work/out" 2> "$work/err" && grep -qx '16 + 16 = 32' "$work/out" && [ ! -s "$work/err" ] &&
            [ -z "$(ls -A "$TMP")" ]; then
            passed=$((passed + 1))
        else
            echo "FAILED: $name, ${url%%:*}: $*" >&2
            head -n 20 "$work/err" >&2
            ls -A "$TMP" >&2
            failed=$((failed + 1))
        fi
    done
}

# fails NAME TEXT COMMAND...: the example fails with a message that contains TEXT.
fails() {
    local name=$1 text=$2
    shift 2
    if ! "$@" "${urls[0]}" > "$work/out" 2> "$work/err" && grep -qF -e "$text" "$work/err"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $name does not end with '$text': $*" >&2
        head -n 20 "$work/err" >&2
        failed=$((failed + 1))
    fi
}

# The folder in which users run it: their classes and the jar, nothing else.
TMP=$work/tmp
export TMP
mkdir "$work/app" "$work/classes" "$work/module"
cp "$jar" "$work/app/triton-client.jar"
example=$here/../examples/SimpleInferClient.java
javac --release 11 -cp "$jar" -d "$work/app" "$example"
# As a module: its class cannot be in the unnamed package.
{ echo 'package app;'; cat "$example"; } > "$work/SimpleInferClient.java"
echo 'module app { requires org.tritonclient; }' > "$work/module-info.java"
javac --release 11 -p "$jar" -d "$work/module" "$work/module-info.java" "$work/SimpleInferClient.java"
jar --create --file "$work/app.jar" --main-class app.SimpleInferClient -C "$work/module" .
# An application's jar that names ours, and allows native access.
printf 'Class-Path: triton-client.jar\nEnable-Native-Access: ALL-UNNAMED\n' > "$work/manifest"
jar --create --file "$work/app/app.jar" --manifest "$work/manifest" --main-class SimpleInferClient \
    -C "$work/app" SimpleInferClient.class
cd "$work/app"

# The layout of Spring Boot: the jar is stored uncompressed within another.
loader=$target/java/spring-boot-loader-$boot_version.jar
[ -e "$loader" ] || mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.springframework.boot:spring-boot-loader:$boot_version -DoutputDirectory="$target/java"
mkdir -p "$work/boot/BOOT-INF/classes" "$work/boot/BOOT-INF/lib"
(cd "$work/boot" && jar --extract --file "$loader" org)
cp SimpleInferClient.class "$work/boot/BOOT-INF/classes/"
cp triton-client.jar "$work/boot/BOOT-INF/lib/"
printf '%s\n' 'Start-Class: SimpleInferClient' 'Spring-Boot-Classes: BOOT-INF/classes/' 'Spring-Boot-Lib: BOOT-INF/lib/' \
    'Enable-Native-Access: ALL-UNNAMED' > "$work/manifest"
jar --create --no-compress --file "$work/boot.jar" --manifest "$work/manifest" \
    --main-class org.springframework.boot.loader.launch.JarLauncher -C "$work/boot" .

# The JDK of the build, the oldest and the newest that are supported, and a newer one with jlink if there is one.
own=$(dirname "$(dirname "$(realpath "$(command -v javac)")")")
homes=("$own")
for version in 11 25; do
    home=$("$here/jdk.sh" $version) && homes+=("$home")
done
for home in /usr/lib/jvm/*; do
    [ -x "$home/bin/jlink" ] && [ ! -L "$home" ] && [ "$(version_of "$home")" -ge 24 ] && homes+=("$home")
done

for home in "${homes[@]}"; do
    version=$(version_of "$home")
    java=("$home/bin/java" "-Djava.io.tmpdir=$TMP")
    # What the JVM is told: nothing, or to refuse whatever has no permission.
    deny=() all=() module=()
    if [ "$version" -ge 24 ]; then
        deny=(--illegal-native-access=deny) all=(--enable-native-access=ALL-UNNAMED) module=(--enable-native-access=org.tritonclient)
        fails "class path without permission, Java $version" --enable-native-access=ALL-UNNAMED \
            "${java[@]}" "${deny[@]}" -cp triton-client.jar:. SimpleInferClient
        fails "module path without permission, Java $version" --enable-native-access=org.tritonclient \
            "${java[@]}" "${deny[@]}" -p "triton-client.jar:$work/app.jar" -m app
    fi
    runs "class path, Java $version" "${java[@]}" "${deny[@]}" "${all[@]}" -cp triton-client.jar:. SimpleInferClient
    runs "module path, Java $version" "${java[@]}" "${deny[@]}" "${module[@]}" -p "triton-client.jar:$work/app.jar" -m app
    runs "java -jar, Java $version" "${java[@]}" "${deny[@]}" -jar app.jar
    [ "$version" -lt 17 ] || runs "Spring Boot, Java $version" "${java[@]}" "${deny[@]}" -jar "$work/boot.jar"
    if [ -x "$home/bin/jlink" ]; then
        image=$work/image-$version
        options=(--module-path "triton-client.jar:$work/app.jar" --add-modules app --output "$image" --strip-debug)
        [ "$version" -lt 24 ] || options+=(--add-options " ${deny[*]} ${module[*]}")
        "$home/bin/jlink" "${options[@]}"
        runs "jlink image, Java $version" "$image/bin/java" "-Djava.io.tmpdir=$TMP" -m app
    fi
    echo "the jar as users run it: Java $version in $home"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
