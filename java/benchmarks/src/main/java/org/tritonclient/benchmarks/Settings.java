package org.tritonclient.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What is sent and received: a request with {@code count} inputs, and a response with {@code count} outputs, all FP32
 * and of {@code byteSize} bytes each.
 */
final class Settings {
    /** How a program holds its tensors. */
    enum Payload {
        /** Inputs are {@code float[]}; outputs are read as {@code float[]}. */
        HEAP,
        /** Inputs are direct buffers; outputs are read as {@code float[]}. */
        DIRECT,
        /** Inputs are direct buffers; outputs are read in place. */
        VIEW
    }

    final boolean isGrpc;
    final String address;
    final int count;
    final int byteSize;
    final Payload payload;

    Settings(boolean isGrpc, String address, int count, int byteSize, Payload payload) {
        if (address.isEmpty()) {
            throw new IllegalArgumentException("missing parameter: -p address=HOST:PORT of the stub (benches/stub.rs)");
        }
        this.isGrpc = isGrpc;
        this.address = address;
        this.count = count;
        this.byteSize = byteSize;
        this.payload = payload;
    }

    String model() {
        return count == 1 ? "identity_fp32" : "simple";
    }

    long[] shape() {
        return count == 1 ? new long[] {byteSize / 4} : new long[] {1, byteSize / 4};
    }

    float[] heapInput() {
        float[] values = new float[byteSize / 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return values;
    }

    ByteBuffer directInput() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(byteSize).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(heapInput());
        return buffer;
    }

    /** Checks that an output has the expected size. */
    void check(int outputByteSize) {
        if (outputByteSize != byteSize) {
            throw new IllegalStateException("expected an output of " + byteSize + " bytes, got " + outputByteSize);
        }
    }
}
