package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Decodes the record of a request as the native side does, without any code of the client. */
final class RequestDecoder {
    /** A tensor of the request. */
    static final class Tensor {
        String name;
        int datatype;
        int classCount;
        final List<Long> shape = new ArrayList<>();
        int place;
        byte[] data;
        Buffer buffer;
        long position;
        long byteSize;
        String region;
        long offset;
        String json;
        boolean isJson;
        Map<String, Object> parameters;
    }

    final String model;
    final String version;
    final String id;
    Object sequenceId;
    int sequenceFlags;
    final long priority;
    final long timeoutMicros;
    final int flags;
    final int binaryOutput;
    final Map<String, Object> parameters;
    final List<Tensor> inputs = new ArrayList<>();
    final List<Tensor> outputs = new ArrayList<>();
    private final ByteBuffer record;
    private final Object[] buffers;

    RequestDecoder(PackedRequest packed) {
        record = ByteBuffer.wrap(packed.record).order(ByteOrder.LITTLE_ENDIAN);
        buffers = packed.buffers;
        model = text();
        version = text();
        id = text();
        int kind = record.get();
        if (kind != 0) {
            sequenceId = kind == 1 ? (Object) record.getLong() : text();
            sequenceFlags = record.get();
        }
        priority = record.getLong();
        timeoutMicros = record.getLong();
        flags = record.get();
        binaryOutput = record.get();
        parameters = parameters();
        for (int left = record.getInt(); left > 0; left--) {
            inputs.add(input());
        }
        for (int left = record.getInt(); left > 0; left--) {
            outputs.add(output());
        }
        assertFalse(record.hasRemaining(), "the record is too long");
    }

    private Tensor input() {
        Tensor input = new Tensor();
        input.name = text();
        input.datatype = record.get();
        for (int left = record.getInt(); left > 0; left--) {
            input.shape.add(record.getLong());
        }
        place(input);
        input.isJson = record.get() != 0;
        input.parameters = parameters();
        return input;
    }

    private Tensor output() {
        Tensor output = new Tensor();
        output.name = text();
        output.classCount = record.getInt();
        output.isJson = record.get() != 0;
        place(output);
        output.parameters = parameters();
        return output;
    }

    private void place(Tensor tensor) {
        tensor.place = record.get();
        switch (tensor.place) {
            case 0:
                break;
            case 1:
                tensor.data = bytes();
                break;
            case 2:
                tensor.buffer = (Buffer) buffers[record.getInt()];
                tensor.position = record.getLong();
                tensor.byteSize = record.getLong();
                tensor.data = memory(tensor);
                break;
            case 3:
                tensor.region = text();
                tensor.byteSize = record.getLong();
                tensor.offset = record.getLong();
                break;
            default:
                assertEquals(4, tensor.place);
                tensor.json = text();
        }
    }

    /** Reads the memory of a direct buffer from its start, as JNI does, not from its position. */
    private static byte[] memory(Tensor tensor) {
        assertEquals(true, tensor.buffer.isDirect());
        byte[] all;
        Buffer buffer = tensor.buffer;
        int capacity = buffer.capacity();
        if (buffer instanceof ByteBuffer) {
            ByteBuffer view = ((ByteBuffer) buffer).duplicate().clear();
            all = new byte[capacity];
            view.get(all);
        } else {
            // Typed buffers are little-endian here, or they would have been converted.
            int size = buffer instanceof ShortBuffer ? 2
                    : buffer instanceof IntBuffer || buffer instanceof FloatBuffer ? 4 : 8;
            ByteBuffer copy = ByteBuffer.allocate(capacity * size).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < capacity; i++) {
                if (buffer instanceof ShortBuffer) {
                    copy.putShort(((ShortBuffer) buffer).get(i));
                } else if (buffer instanceof IntBuffer) {
                    copy.putInt(((IntBuffer) buffer).get(i));
                } else if (buffer instanceof FloatBuffer) {
                    copy.putFloat(((FloatBuffer) buffer).get(i));
                } else if (buffer instanceof LongBuffer) {
                    copy.putLong(((LongBuffer) buffer).get(i));
                } else {
                    copy.putDouble(((java.nio.DoubleBuffer) buffer).get(i));
                }
            }
            all = copy.array();
        }
        byte[] data = new byte[(int) tensor.byteSize];
        System.arraycopy(all, (int) tensor.position, data, 0, data.length);
        return data;
    }

    private Map<String, Object> parameters() {
        Map<String, Object> parameters = new LinkedHashMap<>();
        for (int left = record.getInt(); left > 0; left--) {
            String name = text();
            int kind = record.get();
            switch (kind) {
                case 1:
                    parameters.put(name, record.get() != 0);
                    break;
                case 2:
                    parameters.put(name, record.getLong());
                    break;
                case 4:
                    parameters.put(name, record.getDouble());
                    break;
                default:
                    assertEquals(5, kind);
                    parameters.put(name, text());
            }
        }
        return parameters;
    }

    private byte[] bytes() {
        byte[] bytes = new byte[record.getInt()];
        record.get(bytes);
        return bytes;
    }

    private String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }
}
