package org.tritonclient;

import java.util.Objects;

/**
 * Options of the operations on the model repository. An option that does not apply to an operation, and an invalid
 * value, is INVALID_ARGUMENT at the call. Immutable.
 */
public final class RepositoryOptions {
    private static final RepositoryOptions DEFAULTS = builder().build();

    /** Keys and values. */
    private final byte[] record;

    private RepositoryOptions(byte[] record) {
        this.record = record;
    }

    /** Returns options with the defaults: all repositories, all models, and the model's own configuration and files. */
    public static RepositoryOptions defaults() {
        return DEFAULTS;
    }

    /** Creates a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    byte[] record() {
        return record;
    }

    /** Builds options. Not thread-safe. Of an option that is set twice, the later value counts. */
    public static final class Builder {
        private static final int REPOSITORY_NAME = 1;
        private static final int READY_ONLY = 2;
        private static final int CONFIG = 3;
        private static final int FILE = 4;
        private static final int UNLOAD_DEPENDENTS = 5;

        private final RecordWriter record = new RecordWriter();

        private Builder() {}

        /**
         * Sets the name of the repository. Triton does not support it: UNIMPLEMENTED, except that version 2.51 ignores
         * it in an index over HTTP. Empty, the default, is all repositories.
         *
         * @return this builder
         */
        public Builder repositoryName(String name) {
            record.u8(REPOSITORY_NAME).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Sets whether an index lists only the models that are ready. The default is {@code false}.
         *
         * @return this builder
         */
        public Builder readyOnly(boolean readyOnly) {
            record.u8(READY_ONLY).bool(readyOnly);
            return this;
        }

        /**
         * Sets the configuration with which a model is loaded instead of its own, as JSON in the form of
         * {@link ModelConfig#getJson}. {@code null}, the default, is the model's own. It must be a JSON object.
         *
         * <p>It replaces the model's own as a whole: what it omits, even inputs and outputs, has the server's default,
         * and Triton may load the model without an error.
         *
         * @return this builder
         */
        public Builder config(String json) {
            record.u8(CONFIG).str(json);
            return this;
        }

        /**
         * Adds a file with which a model is loaded, instead of the files in its repository. All files of the model must
         * be added, and the configuration must be set. A file that was added under the same path is replaced.
         *
         * <p>Over HTTP, files are encoded as base64, and Triton since 2.62 rejects requests of more than 64 MiB ({@code
         * --http-max-input-size}), about 48 MiB of files together. gRPC does not have this limit. The files of one load
         * together must be smaller than 2 GiB.
         *
         * @param path is relative to the model's directory, for example {@code 1/model.onnx}; it must not be empty nor
         *     leave the directory
         * @param content is copied
         * @return this builder
         */
        public Builder file(String path, byte[] content) {
            Objects.requireNonNull(path, "path");
            Objects.requireNonNull(content, "content");
            record.u8(FILE).str(path).bytes(content);
            return this;
        }

        /**
         * Sets whether unloading an ensemble also unloads the models that it consists of. The default is {@code false}.
         *
         * @return this builder
         */
        public Builder unloadDependents(boolean unloadDependents) {
            record.u8(UNLOAD_DEPENDENTS).bool(unloadDependents);
            return this;
        }

        /** Creates the options. The builder can be changed and used again. */
        public RepositoryOptions build() {
            return new RepositoryOptions(record.toByteArray());
        }
    }
}
