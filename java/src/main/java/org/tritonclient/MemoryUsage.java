package org.tritonclient;

/** The memory that a model uses on one device: {@link ModelStatistics#getMemory}. Immutable. */
public final class MemoryUsage {
    private final String kind;
    private final long id;
    private final long byteSize;

    private MemoryUsage(RecordReader record) {
        kind = record.str();
        id = record.i64();
        byteSize = record.i64();
    }

    static MemoryUsage read(RecordReader record) {
        return new MemoryUsage(record);
    }

    /** Returns the kind of memory, for example {@code GPU}. */
    public String getKind() {
        return kind;
    }

    /** Returns the number of the device. */
    public long getId() {
        return id;
    }

    /** Returns the size of the memory in use, in bytes. */
    public long getByteSize() {
        return byteSize;
    }

    /** Returns kind, number and size, for example {@code GPU 0: 1048576 bytes}. */
    @Override
    public String toString() {
        return kind + " " + id + ": " + byteSize + " bytes";
    }
}
