package org.tritonclient;

import java.util.Arrays;

/** The versions of a model that are served: {@link ModelConfig#getVersionPolicy}. Immutable. */
public final class VersionPolicy {
    /** The kind of a policy. */
    public enum Kind {
        /** A number of the newest versions: {@link VersionPolicy#getLatest}. */
        LATEST,
        /** All versions. */
        ALL,
        /** The versions of a list: {@link VersionPolicy#getVersions}. */
        SPECIFIC;

        private static final Kind[] VALUES = values();

        static Kind of(int number) {
            return VALUES[number];
        }
    }

    private final Kind kind;
    private final long latest;
    private final long[] versions;

    private VersionPolicy(RecordReader record) {
        kind = Kind.of(record.i32());
        latest = record.i64();
        versions = record.shape();
    }

    static VersionPolicy read(RecordReader record) {
        return new VersionPolicy(record);
    }

    /** Returns the kind of the policy. */
    public Kind getKind() {
        return kind;
    }

    /** Returns the number of newest versions that are served; 0 unless the policy is {@link Kind#LATEST}. */
    public long getLatest() {
        return latest;
    }

    /** Returns the versions that are served; empty unless the policy is {@link Kind#SPECIFIC}. The array is a copy. */
    public long[] getVersions() {
        return versions.clone();
    }

    /** Returns the kind with its number or its versions, for example {@code LATEST 1} or {@code SPECIFIC [1, 3]}. */
    @Override
    public String toString() {
        switch (kind) {
            case LATEST:
                return kind + " " + latest;
            case SPECIFIC:
                return kind + " " + Arrays.toString(versions);
            default:
                return kind.toString();
        }
    }
}
