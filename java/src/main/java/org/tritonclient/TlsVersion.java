package org.tritonclient;

/** A version of TLS. */
public enum TlsVersion {
    /** TLS 1.2. */
    TLS_1_2(12),
    /** TLS 1.3. */
    TLS_1_3(13);

    private final int number;

    TlsVersion(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
