package org.tritonclient;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** Writes the record of a result as the native side does, without any code of the client. */
final class ResultRecord {
    /** For results whose memory is not counted among that of the client: these are left to the collector at will. */
    static final ResultBudget BUDGET = new ResultBudget(Long.MAX_VALUE, () -> {});

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ByteArrayOutputStream outputs = new ByteArrayOutputStream();
    private final List<Object> buffers = new ArrayList<>();
    private final long handle;
    private ByteArrayOutputStream to = bytes;
    private int outputCount;
    private int finality = 1;
    private int parameterCount;
    private final ByteArrayOutputStream parameters = new ByteArrayOutputStream();
    private final List<String> headers = new ArrayList<>();
    private Object[] report;

    /** Starts the record of a result; a handle of 0 for one whose outputs are in the record. */
    ResultRecord(long handle) {
        this.handle = handle;
        // The place of the record.
        buffers.add(null);
    }

    ResultRecord finality(int finality) {
        this.finality = finality;
        return this;
    }

    /** Adds a parameter of the result; the value's bytes follow its kind. */
    ResultRecord parameter(String name, int kind, Object value) {
        parameterCount++;
        to = parameters;
        text(name);
        u8(kind);
        if (value instanceof Boolean) {
            u8((Boolean) value ? 1 : 0);
        } else if (value instanceof Long) {
            i64((Long) value);
        } else if (value instanceof Double) {
            i64(Double.doubleToRawLongBits((Double) value));
        } else {
            text((String) value);
        }
        return this;
    }

    ResultRecord header(String name, String value) {
        headers.add(name);
        headers.add(value);
        return this;
    }

    /** Adds a load report: names and values in turn. */
    ResultRecord report(Object... report) {
        this.report = report;
        return this;
    }

    ResultRecord inline(String name, DataType type, byte[] data, long... shape) {
        head(name, type.ordinal(), type.name(), shape, data.length, false);
        u8(0);
        i32(data.length);
        to.write(data, 0, data.length);
        return this;
    }

    ResultRecord unknown(String name, String typeName, byte[] data, long... shape) {
        head(name, 0, typeName, shape, data.length, false);
        u8(0);
        i32(data.length);
        to.write(data, 0, data.length);
        return this;
    }

    /** Adds an output in native memory, in pieces of the given sizes. */
    ResultRecord pieces(String name, DataType type, byte[] data, int[] sizes, long... shape) {
        head(name, type.ordinal(), type.name(), shape, data.length, false);
        u8(1);
        i32(buffers.size() - 1);
        i32(sizes.length);
        int at = 0;
        for (int size : sizes) {
            ByteBuffer piece = ByteBuffer.allocateDirect(size);
            piece.put(data, at, size).flip();
            buffers.add(piece);
            at += size;
        }
        return this;
    }

    ResultRecord inCallerBuffer(String name, DataType type, long byteSize, long... shape) {
        head(name, type.ordinal(), type.name(), shape, byteSize, true);
        u8(2);
        return this;
    }

    private void head(String name, int type, String typeName, long[] shape, long byteSize, boolean isInCallerBuffer) {
        outputCount++;
        to = outputs;
        text(name);
        u8(type);
        text(typeName);
        i32(shape.length);
        for (long dimension : shape) {
            i64(dimension);
        }
        i32(1);
        text("p");
        u8(2);
        i64(outputCount);
        u8(isInCallerBuffer ? 1 : 0);
        i64(byteSize);
    }

    byte[] toByteArray() {
        bytes.reset();
        to = bytes;
        i64(handle);
        text("model");
        text("7");
        text("id-1");
        text("grpc://host:8001");
        u8(finality);
        u8(outputCount == 0 && finality == 1 ? 1 : 0);
        for (int i = 1; i <= 5; i++) {
            i64(i * 1000);
        }
        i32(parameterCount);
        to.writeBytes(parameters.toByteArray());
        i32(outputCount);
        to.writeBytes(outputs.toByteArray());
        i32(headers.size() / 2);
        headers.forEach(this::text);
        if (report == null) {
            i32(-1);
        } else {
            i32(report.length / 2);
            for (int i = 0; i < report.length; i += 2) {
                text((String) report[i]);
                i64(Double.doubleToRawLongBits((Double) report[i + 1]));
            }
        }
        return bytes.toByteArray();
    }

    Object[] buffers() {
        return buffers.toArray();
    }

    InferResult read() {
        return read(ignored -> {
            throw new AssertionError("freed");
        });
    }

    InferResult read(LongConsumer free) {
        return read(free, BUDGET);
    }

    InferResult read(LongConsumer free, ResultBudget budget) {
        return InferResult.read(toByteArray(), 0, handle == 0 ? null : buffers(), free, budget);
    }

    private void u8(int value) {
        to.write(value);
    }

    private void i32(int value) {
        to.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    private void i64(long value) {
        to.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    private void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        i32(utf8.length);
        to.writeBytes(utf8);
    }
}
