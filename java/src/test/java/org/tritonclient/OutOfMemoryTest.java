package org.tritonclient;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory that does not suffice: the heap's, and the native memory that nobody frees. */
class OutOfMemoryTest {
    private static final long SECONDS = Long.getLong("tritonclient.test.seconds", 1);

    @TempDir
    private Path folder;

    @Test
    void resultsThatAreDroppedWithoutCloseAreBounded() throws Exception {
        try (CannedServer server = CannedServer.result(16 << 20)) {
            new OwnJvm(folder, "-Xmx256m").run(0, DroppedResultsMain.class, "300", "http://" + server.address(), "fixed");
        }
    }

    @Test
    void resultsThatAreDroppedWithoutCloseAreBoundedOverGrpc() throws Exception {
        String calls = Integer.toString(Integer.getInteger("tritonclient.test.dropped", 40));
        new OwnJvm(folder, "-Xmx256m").run(0, DroppedResultsMain.class, calls, RealServer.grpc());
    }

    @Test
    void everyCallEndsInAHeapThatIsFull() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            new OwnJvm(folder, "-Xmx16m", "-XX:+UseSerialGC")
                    .run(
                            0,
                            OutOfMemoryMain.class,
                            Long.toString(SECONDS),
                            server.urls().get(0),
                            server.urls().get(1));
        }
    }
}
