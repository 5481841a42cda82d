package org.tritonclient;

/** The status of a service in gRPC's health service: {@link InferenceServerClient#healthCheck(String)}. */
public enum ServingStatus {
    /** The status is not known. */
    UNKNOWN,
    /** The service accepts requests. */
    SERVING,
    /** The service exists and does not accept requests at present. */
    NOT_SERVING,
    /** The server has no service of that name. */
    SERVICE_UNKNOWN;

    private static final ServingStatus[] VALUES = values();

    static ServingStatus read(RecordReader record) {
        return VALUES[record.i32()];
    }
}
