package org.tritonclient;

import java.util.Arrays;

/** The configuration of an input or output: {@link ModelConfig#getInputs}. Immutable. */
public final class TensorConfig {
    /** The meaning of the dimensions of an input. */
    public enum Format {
        /** Not specified. */
        NONE,
        /** Height, width, channels. */
        NHWC,
        /** Channels, height, width. */
        NCHW;

        private static final Format[] VALUES = values();

        static Format of(int number) {
            return VALUES[number];
        }
    }

    private final String name;
    private final DataType dataType;
    private final long[] dims;
    private final Format format;
    private final boolean optional;
    private final String labelFilename;

    private TensorConfig(RecordReader record) {
        name = record.str();
        dataType = DataType.of(record.u8());
        dims = record.shape();
        format = Format.of(record.i32());
        optional = record.bool();
        labelFilename = record.str();
    }

    static TensorConfig read(RecordReader record) {
        return new TensorConfig(record);
    }

    /** Returns the tensor's name. */
    public String getName() {
        return name;
    }

    /** Returns its datatype; {@link DataType#INVALID} for one that this library does not know. */
    public DataType getDataType() {
        return dataType;
    }

    /** Returns its shape without the batch dimension; -1 is a dimension of any size. The array is a copy. */
    public long[] getDims() {
        return dims.clone();
    }

    /** Returns the meaning of its dimensions; {@link Format#NONE} for an output. */
    public Format getFormat() {
        return format;
    }

    /** Returns whether a request may omit the input; {@code false} for an output. */
    public boolean isOptional() {
        return optional;
    }

    /** Returns the name of the file with the class labels of an output; empty if there is none, and for an input. */
    public String getLabelFilename() {
        return labelFilename;
    }

    /** Returns name, datatype and dimensions, for example {@code INPUT0 INT32 [16]}. */
    @Override
    public String toString() {
        return name + " " + dataType + " " + Arrays.toString(dims);
    }
}
