package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options of TLS, over both protocols, with the JDK's TLS before a server. */
class TlsOptionsTest {
    private static final String UNTRUSTED = "certificate";

    /** Runs a test over each protocol: with the URL, behind which a client certificate is required. */
    private static void overBoth(Mutual test) throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                String[] parts = url.split("://");
                try (TlsFront front = TlsFront.mutual(parts[1])) {
                    test.run(parts[0] + "s://" + front.address(), front);
                }
            }
        }
    }

    private interface Mutual {
        void run(String url, TlsFront front) throws Exception;
    }

    private static ClientOptions.Builder trusting() throws Exception {
        return ClientOptions.builder().tlsCaFile(Certificates.file("ca.pem"));
    }

    private static ClientOptions.Builder mutual() throws Exception {
        return trusting().tlsClientCertificate(Certificates.file("client.pem"), Certificates.file("client.key"));
    }

    /** A call of each kind has a result. */
    private static ConnectionCounts infer(String url, ClientOptions.Builder options) throws Exception {
        try (InferenceServerClient client = new InferenceServerClient(url, options.build())) {
            try (InferResult result = client.infer(RealServer.simple())) {
                assertEquals(16, result.getOutputAsInt("OUTPUT0")[15]);
            }
            client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
            return client.getConnectionCounts();
        }
    }

    private static void fails(String url, ClientOptions.Builder options, Status status, String part) {
        try (InferenceServerClient client = new InferenceServerClient(url, options.build())) {
            InferenceException error = Expect.failure(status, Origin.CONNECTION, client::isServerLive);
            Expect.message(error, part);
            assertFalse(error.isInDoubt());
        }
    }

    private static InferenceException refused(String url, ClientOptions.Builder options, String part) {
        ClientOptions built = options.build();
        InferenceException error = Expect.failure(
                Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> new InferenceServerClient(url, built).close());
        Expect.message(error, part);
        return error;
    }

    @Test
    void certificatesAreReadFromFilesAndFromBytes() throws Exception {
        overBoth((url, front) -> {
            ConnectionCounts counts = infer(url, mutual());
            assertEquals(2, counts.getTlsHandshakes());
            byte[] key = Certificates.bytes("client.key");
            ClientOptions.Builder bytes = ClientOptions.builder()
                    .tlsCa(Certificates.bytes("ca.pem"))
                    .tlsClientCertificate(Certificates.bytes("client.pem"), key);
            // It was copied.
            Arrays.fill(key, (byte) 0);
            infer(url, bytes);
            // The options can be used again, and the later setter wins.
            infer(url, bytes);
            infer(url, bytes.tlsCaFile(Certificates.file("ca-bundle.pem")));
            infer(url, bytes.tlsClientCertificate(
                    Certificates.file("client-chain.pem"), Certificates.file("client-chain.key")));
            fails(url, bytes.tlsClientCertificate(
                    Certificates.bytes("stranger.pem"), Certificates.bytes("stranger.key")),
                    Status.UNAUTHENTICATED, "client certificate");
            fails(url, trusting(), Status.UNAUTHENTICATED, "client certificate");
            fails(url, ClientOptions.builder(), Status.UNAVAILABLE, UNTRUSTED);
        });
    }

    @Test
    void namesAndSwitchesReachTheHandshake() throws Exception {
        overBoth((url, front) -> {
            infer(url, mutual().tlsServerName("a.triton.test"));
            assertEquals(List.of("a.triton.test"), front.names().subList(0, 1));
            fails(url, mutual().tlsServerName("elsewhere.test"), Status.UNAVAILABLE, "elsewhere.test");
            infer(url, mutual().tlsServerName("elsewhere.test").tlsVerifyHost(false));
            fails(url, mutual().tlsCaFile(Certificates.file("other-ca.pem")), Status.UNAVAILABLE, UNTRUSTED);
            infer(url, mutual().tlsCaFile(Certificates.file("other-ca.pem")).tlsVerifyPeer(false));
            refused(url, mutual().tlsServerName(""), "tls_server_name");
        });
    }

    @Test
    void theMinimumVersionIsKept() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                String[] parts = url.split("://");
                try (TlsFront front = TlsFront.old(parts[1])) {
                    String secure = parts[0] + "s://" + front.address();
                    infer(secure, trusting());
                    infer(secure, trusting().tlsMinVersion(TlsVersion.TLS_1_2));
                    fails(secure, trusting().tlsMinVersion(TlsVersion.TLS_1_3), Status.UNAVAILABLE, "TLS 1.3");
                }
            }
        }
    }

    @Test
    void aBadFileFailsTheConstructorAndIsNamed(@TempDir Path folder) throws Exception {
        for (String url : List.of("https://localhost", "grpcs://localhost")) {
            refused(url, ClientOptions.builder().tlsCaFile(folder.resolve("none.pem")), "none.pem");
            refused(url, ClientOptions.builder().tlsCa(new byte[0]), "empty");
            refused(url, ClientOptions.builder()
                    .tlsClientCertificate(Certificates.file("client.pem"), Certificates.file("stranger.key")),
                    "stranger.key");
        }
        URI zip = URI.create("jar:" + folder.resolve("a.zip").toUri());
        try (FileSystem other = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Path path = other.getPath("ca.pem");
            ClientOptions.Builder options = ClientOptions.builder();
            assertThrows(IllegalArgumentException.class, () -> options.tlsCaFile(path));
            assertThrows(IllegalArgumentException.class, () -> options.tlsClientCertificate(folder, path));
            assertEquals(0, options.build().record(0).length);
        }
    }

    @Test
    void aKeyIsInNoTextAndIsClearedWithItsBuilder() throws Exception {
        String secret = "swordfish";
        byte[] key = secret.getBytes(StandardCharsets.US_ASCII);
        ClientOptions.Builder options = ClientOptions.builder();
        options.tlsClientCertificate(new byte[] {1}, key).callOptions(CallOptions.builder()
                .basicAuth("user", secret)
                .bearerToken(secret)
                .header("x-api-key", secret)
                .restrictedKey("key", secret)
                .build());
        ClientOptions first = options.build();
        CallOptions call = CallOptions.builder().bearerToken(secret).build();
        for (Object any : List.of(first, call, options, StreamOptions.builder().callOptions(call).build())) {
            assertFalse(any.toString().contains(secret), any.toString());
        }
        assertFalse(refused("https://localhost", options, "certificate").toString().contains(secret));
        // Of each client a record of its own, which the client clears.
        assertEquals(5, count(first.record(0), key));
        byte[] record = first.record(0);
        Arrays.fill(record, (byte) 0);
        assertEquals(5, count(first.record(0), key));
        options.callOptions(CallOptions.defaults());
        assertEquals(1, count(options.build().record(0), key));
        options.tlsClientCertificate(Path.of("client.pem"), Path.of("client.key"));
        assertEquals(0, count(options.build().record(0), key));
        assertEquals(5, count(first.record(0), key));

        RecordWriter writer = new RecordWriter(9);
        writer.append(key);
        RecordWriter copy = writer.copy(0);
        writer.clear();
        assertTrue(writer.toByteArray().length == 0 && count(copy.toByteArray(), key) == 1);
    }

    private static int count(byte[] record, byte[] part) {
        String text = new String(record, StandardCharsets.ISO_8859_1);
        return text.split(new String(part, StandardCharsets.ISO_8859_1), -1).length - 1;
    }
}
