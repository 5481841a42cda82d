package org.tritonclient;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The small server of the Rust tests, in a process of its own. It stands in for Triton where calls are cancelled at
 * every moment, which Triton 2.51 does not survive over gRPC (a known fault, issue 7368 of the Triton server).
 */
final class EmbeddedServer implements AutoCloseable {
    private final Process process;
    private final String http;
    private final String grpc;

    private EmbeddedServer(Process process, String http, String grpc) {
        this.process = process;
        this.http = http;
        this.grpc = grpc;
    }

    static EmbeddedServer start() throws IOException, InterruptedException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("Cargo.toml"))) {
            root = root.getParent();
        }
        // Built by `cargo test` too; up to date at no cost.
        Process build = new ProcessBuilder("cargo", "build", "--quiet", "--example", "embedded_server")
                .directory(root.toFile())
                .inheritIO()
                .start();
        if (build.waitFor() != 0) {
            throw new IOException("cargo build --example embedded_server failed");
        }
        String target = System.getenv().getOrDefault("CARGO_TARGET_DIR", root.resolve("target").toString());
        Process process = new ProcessBuilder(target + File.separator + "debug/examples/embedded_server")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String line = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                .readLine();
        if (line == null) {
            process.destroy();
            throw new IOException("the embedded server did not start");
        }
        // http ADDRESS grpc ADDRESS
        String[] words = line.split(" ");
        return new EmbeddedServer(process, "http://" + words[1], "grpc://" + words[3]);
    }

    java.util.List<String> urls() {
        return java.util.List.of(http, grpc);
    }

    /** Stops the server, which ends with its input. */
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new IOException("the embedded server did not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
