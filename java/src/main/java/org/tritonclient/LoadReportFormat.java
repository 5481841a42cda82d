package org.tritonclient;

/** The format in which a server is asked for its load ({@link CallOptions.Builder#loadReport}). */
public enum LoadReportFormat {
    /** {@code TEXT name=value, ...} */
    TEXT(1),
    /** {@code JSON {...}} */
    JSON(2);

    private final int number;

    LoadReportFormat(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
