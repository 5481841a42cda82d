package org.tritonclient;

/** A generated response: {@link InferenceServerClient#generate(String, String)}. Immutable. */
public final class Generated {
    private final String json;
    private final Headers headers;
    private final LoadReport loadReport;

    private Generated(RecordReader record) {
        json = record.str();
        headers = Headers.read(record);
        loadReport = LoadReport.read(record);
    }

    static Generated read(RecordReader record) {
        return new Generated(record);
    }

    /**
     * Returns the response, a JSON object with the members {@code model_name}, {@code model_version} and the outputs.
     */
    public String getJson() {
        return json;
    }

    /** Returns the headers of the response. */
    public Headers getHeaders() {
        return headers;
    }

    /** Returns the server's load report; {@code null} if the response has none. {@link CallOptions} request it. */
    public LoadReport getLoadReport() {
        return loadReport;
    }

    /** Returns {@link #getJson}. */
    @Override
    public String toString() {
        return json;
    }
}
