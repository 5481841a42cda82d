package org.tritonclient;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The certificates of the Rust tests (tests/support/certificates.rs lists them), made anew in a folder. */
final class TestCertificates {
    private final Path folder;

    private TestCertificates(Path folder) {
        this.folder = folder;
    }

    /** Writes the certificates to a folder. */
    static TestCertificates write(Path folder) throws IOException, InterruptedException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("Cargo.toml"))) {
            root = root.getParent();
        }
        Process process = new ProcessBuilder(
                        "cargo", "run", "--quiet", "--example", "certificates", folder.toAbsolutePath().toString())
                .directory(root.toFile())
                .inheritIO()
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("cargo run --example certificates failed");
        }
        return new TestCertificates(folder);
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    String file(String name) {
        return path(name).toString();
    }

    /** Returns the options of a Triton server whose gRPC port has TLS and requires a client certificate. */
    String mutualTls() {
        return "--grpc-use-ssl=true --grpc-server-cert=" + file("server.pem") + " --grpc-server-key="
                + file("server.key") + " --grpc-use-ssl-mutual=true --grpc-root-cert=" + file("ca.pem");
    }
}
