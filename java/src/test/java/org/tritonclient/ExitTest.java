package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM ends at once and in order, whatever is under way: {@link ExitMain}. */
class ExitTest {
    /** How often each end is tried. */
    private static final int TIMES = Integer.getInteger("tritonclient.test.times", 1);

    @TempDir
    private Path folder;

    private int number;

    @Test
    void theJvmExitsWhileCallsOfEveryKindAreUnderWay() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (int i = 0; i < TIMES; i++) {
                for (String how : List.of("exit", "halt", "callback", "handler", "logger", "generate", "hook")) {
                    exits(server, how, ExitMain.STATUS);
                }
                exits(server, "main", 0);
                exits(server, "signal", 128 + 15);
            }
        }
    }

    private void exits(EmbeddedServer server, String how, int status) throws Exception {
        Path own = Files.createDirectory(folder.resolve(how + number++));
        Path moment = own.resolve("exiting");
        // The beginning of a response that does not end.
        try (SilentServer silent = new SilentServer();
                CannedServer generating = CannedServer.begin("text/event-stream", "data: {}\n\n")) {
            OwnJvm jvm = new OwnJvm(own);
            Process process = jvm.start(
                    ExitMain.class,
                    how,
                    moment.toString(),
                    URI.create(silent.grpc()).getAuthority(),
                    server.urls().get(0),
                    server.urls().get(1),
                    generating.address());
            try {
                if (how.equals("signal")) {
                    generating.awaitRequest();
                    Files.createFile(moment);
                    process.destroy();
                }
                if (!process.waitFor(90, TimeUnit.SECONDS)) {
                    throw new AssertionError(how + ": not ended: " + jvm.output());
                }
            } finally {
                process.destroyForcibly();
            }
            jvm.check(process, status);
            Instant exiting = Files.getLastModifiedTime(moment).toInstant();
            Duration took = Duration.between(exiting, Instant.now());
            assertTrue(took.compareTo(Duration.ofSeconds(10)) < 0, how + ": it took " + took);
        }
    }
}
