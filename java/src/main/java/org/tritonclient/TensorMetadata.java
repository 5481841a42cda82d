package org.tritonclient;

import java.util.Arrays;

/** An input or an output of a model: {@link ModelMetadata#getInputs}. Immutable. */
public final class TensorMetadata {
    private final String name;
    private final DataType dataType;
    private final String dataTypeName;
    private final long[] shape;

    private TensorMetadata(RecordReader record) {
        name = record.str();
        dataType = DataType.of(record.u8());
        dataTypeName = record.str();
        shape = record.shape();
    }

    static TensorMetadata read(RecordReader record) {
        return new TensorMetadata(record);
    }

    /** Returns the tensor's name. */
    public String getName() {
        return name;
    }

    /** Returns its datatype; {@link DataType#INVALID} for one that this library does not know. */
    public DataType getDataType() {
        return dataType;
    }

    /**
     * Returns the name of its datatype as the server gives it, for example {@code FP32}; also for one that this
     * library does not know.
     */
    public String getDataTypeName() {
        return dataTypeName;
    }

    /**
     * Returns its shape, which begins with the batch dimension if the model has one; -1 is a dimension of any size. The
     * array is a copy.
     */
    public long[] getShape() {
        return shape.clone();
    }

    /** Returns name, datatype and shape, for example {@code INPUT0 INT32 [-1, 16]}. */
    @Override
    public String toString() {
        return name + " " + dataTypeName + " " + Arrays.toString(shape);
    }
}
