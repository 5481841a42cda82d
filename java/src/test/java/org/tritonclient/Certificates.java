package org.tritonclient;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The certificates of the Rust tests, of which tests/support/certificates.rs has the list. */
final class Certificates {
    private static Path folder;

    private Certificates() {}

    /** Returns a file. */
    static synchronized Path file(String name) throws IOException, InterruptedException {
        if (folder == null) {
            Path root = Path.of("").toAbsolutePath();
            while (!Files.exists(root.resolve("Cargo.toml"))) {
                root = root.getParent();
            }
            Path created = Files.createTempDirectory("triton-certificates");
            Process process = new ProcessBuilder(
                            "cargo", "run", "--quiet", "--example", "certificates", created.toString())
                    .directory(root.toFile())
                    .inheritIO()
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException("cargo run --example certificates failed");
            }
            // Deleted in the opposite order.
            created.toFile().deleteOnExit();
            for (File file : created.toFile().listFiles()) {
                file.deleteOnExit();
            }
            folder = created;
        }
        return folder.resolve(name);
    }

    /** Returns the contents of a file. */
    static byte[] bytes(String name) throws IOException, InterruptedException {
        return Files.readAllBytes(file(name));
    }

    /** Returns what a server with one of the certificates needs; it trusts clients of the authority {@code ca}. */
    static SSLContext server(String name) throws IOException, InterruptedException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        String pem = new String(bytes(name + ".key"), StandardCharsets.US_ASCII).replaceAll("-----[^-]*-----|\\s", "");
        PrivateKey key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        keys.setKeyEntry("server", key, new char[0], certificates(name + ".pem"));
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, new char[0]);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", certificates("ca.pem")[0]);
        TrustManagerFactory trustManagers =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    private static Certificate[] certificates(String name)
            throws IOException, InterruptedException, GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(bytes(name)))
                .toArray(new Certificate[0]);
    }
}
